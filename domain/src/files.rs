//! Types of files that a message may carry.
//!
//! Invariant: a closed list. A type that a browser would run, such as HTML or SVG, is none of it.

/// A type of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    Jpeg,
    Png,
    Gif,
    Webp,
    Mp4,
    Webm,
    Mp3,
    M4a,
    Ogg,
    /// A container of video that holds audio alone.
    AudioWebm,
    Pdf,
    Zip,
    Docx,
    Xlsx,
    Pptx,
}

impl FileType {
    pub const ALL: [Self; 15] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::Webp,
        Self::Mp4,
        Self::Webm,
        Self::Mp3,
        Self::M4a,
        Self::Ogg,
        Self::AudioWebm,
        Self::Pdf,
        Self::Zip,
        Self::Docx,
        Self::Xlsx,
        Self::Pptx,
    ];

    /// The type of a media type, which is written without parameters.
    pub fn of(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.media_type().eq_ignore_ascii_case(media_type))
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Mp3 => "audio/mpeg",
            Self::M4a => "audio/mp4",
            Self::Ogg => "audio/ogg",
            Self::AudioWebm => "audio/webm",
            Self::Pdf => "application/pdf",
            Self::Zip => "application/zip",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        }
    }

    /// The type of the small copy that is kept beside an image.
    pub fn thumbnail(self) -> Option<Self> {
        match self {
            Self::Jpeg => Some(Self::Jpeg),
            Self::Png | Self::Gif | Self::Webp => Some(Self::Png),
            Self::Mp4
            | Self::Webm
            | Self::Mp3
            | Self::M4a
            | Self::Ogg
            | Self::AudioWebm
            | Self::Pdf
            | Self::Zip
            | Self::Docx
            | Self::Xlsx
            | Self::Pptx => None,
        }
    }

    /// Whether it is listened to where it stands; it is kept as it came.
    pub fn is_audio(self) -> bool {
        match self {
            Self::Mp3 | Self::M4a | Self::Ogg | Self::AudioWebm => true,
            Self::Jpeg
            | Self::Png
            | Self::Gif
            | Self::Webp
            | Self::Mp4
            | Self::Webm
            | Self::Pdf
            | Self::Zip
            | Self::Docx
            | Self::Xlsx
            | Self::Pptx => false,
        }
    }

    /// Whether it is decoded, and kept as it was encoded anew.
    pub fn is_image(self) -> bool {
        self.thumbnail().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_has_a_media_type_of_its_own() {
        for known in FileType::ALL {
            assert_eq!(FileType::of(known.media_type()), Some(known));
        }
        assert_eq!(FileType::of("IMAGE/JPEG"), Some(FileType::Jpeg));
    }

    #[test]
    fn nothing_that_a_browser_would_run_is_a_type() {
        for refused in
            ["text/html", "image/svg+xml", "text/javascript", "application/xhtml+xml", "text/xml", ""]
        {
            assert_eq!(FileType::of(refused), None, "{refused}");
        }
        assert_eq!(FileType::of("image/png; charset=utf-8"), None, "with a parameter");
    }
}
