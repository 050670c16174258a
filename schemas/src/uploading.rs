//! Uploading: a file on its way from its uploader to what messages may carry.
//!
//! Invariant: an attachment is one of its uploader's account, which alone decides its progress. It goes
//! forward only: uploading, scanning, then ready or rejected; a ready one is gone once nothing carries it any more.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::AttachmentId;
use crate::position::LogTime;

/// Request to an account: expect a file. What is said of it is fixed from here on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreateUpload {
    pub attachment: AttachmentId,
    pub declared: Declared,
}

/// Request to an account: all bytes of a file are staged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CompleteUpload {
    pub attachment: AttachmentId,
}

/// Request to an account, by the media processor: what became of a scanned file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SettleUpload {
    pub attachment: AttachmentId,
    pub finding: Finding,
}

/// What an uploader says of a file before it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Declared {
    /// Normalised; for people, never a path.
    pub file_name: String,
    /// Media type, one of those that are accepted.
    pub content_type: String,
    /// The exact size of the file.
    pub byte_size: i64,
    /// Digest of the bytes, in lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// The media processor's finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum Finding {
    Stored(StoredFile),
    Rejected(Rejected),
}

/// Peaks that stand for the loudness of audio, over its whole length.
pub const PEAKS: usize = 64;

/// Length and loudness of audio, measured from its samples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Sound {
    pub duration_ms: i32,
    /// The loudest sample of each of [`PEAKS`] equal parts, from 0 to 255.
    pub peaks: Vec<i32>,
}

/// A file as it is kept and served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct StoredFile {
    /// Media type of the stored bytes, which a re-encoded image may have changed.
    pub content_type: String,
    pub byte_size: i64,
    /// Pixels of an image, as it is to be shown.
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// Whether a small rendition stands beside the file.
    pub has_thumbnail: bool,
    /// Thumbhash of an image, in base64.
    pub placeholder: Option<String>,
    /// Of audio that could be decoded.
    pub sound: Option<Sound>,
}

/// A file was rejected; its bytes are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Rejected {
    pub reason: RejectedReason,
}

/// Why a file was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum RejectedReason {
    // The staged bytes are fewer or more than declared.
    SizeMismatch,
    // The digest is not the declared one.
    ChecksumMismatch,
    // The bytes are not of the declared type.
    TypeMismatch,
    // The file cannot be decoded.
    Malformed,
    // Too many pixels, frames, channels or samples a second.
    TooLarge,
    // The scanner knows it.
    Malware,
    // Audio without a track of audio, or without a sample in it.
    NoAudio,
    // Audio with a track of video.
    HasVideo,
    // Audio of more seconds than are decoded.
    TooLong,
    // Audio that ends before it should.
    Truncated,
}

impl RejectedReason {
    pub const ALL: [Self; 10] = [
        Self::SizeMismatch,
        Self::ChecksumMismatch,
        Self::TypeMismatch,
        Self::Malformed,
        Self::TooLarge,
        Self::Malware,
        Self::NoAudio,
        Self::HasVideo,
        Self::TooLong,
        Self::Truncated,
    ];

    /// The name that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SizeMismatch => "SIZE_MISMATCH",
            Self::ChecksumMismatch => "CHECKSUM_MISMATCH",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::Malformed => "MALFORMED",
            Self::TooLarge => "TOO_LARGE",
            Self::Malware => "MALWARE",
            Self::NoAudio => "NO_AUDIO",
            Self::HasVideo => "HAS_VIDEO",
            Self::TooLong => "TOO_LONG",
            Self::Truncated => "TRUNCATED",
        }
    }
}

/// Fact of an account: an attachment has made progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AttachmentChanged {
    pub attachment: AttachmentId,
    pub now: Attachment,
}

/// Row of an account by attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Attachment {
    pub declared: Declared,
    pub created_at: LogTime,
    /// Messages, and avatars of conversations, that carry it.
    pub uses: i32,
    pub progress: UploadProgress,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows", repr = "bare_union")]
pub enum UploadProgress {
    Uploading(Uploading),
    Scanning(Scanning),
    Stored(StoredFile),
    Rejected(Rejected),
    Gone(Gone),
}

/// Nothing carries the file any more; its bytes are removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Gone {
    pub at: LogTime,
}

/// Bytes are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Uploading {
    pub since: LogTime,
}

/// All bytes are staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Scanning {
    pub since: LogTime,
}

impl UploadProgress {
    /// The stored file, if the attachment is ready.
    pub fn stored(&self) -> Option<&StoredFile> {
        match self {
            Self::Stored(file) => Some(file),
            Self::Uploading(_) | Self::Scanning(_) | Self::Rejected(_) | Self::Gone(_) => None,
        }
    }

    /// Why it was rejected, if it was.
    pub fn rejected(&self) -> Option<RejectedReason> {
        match self {
            Self::Rejected(rejected) => Some(rejected.reason),
            Self::Uploading(_) | Self::Scanning(_) | Self::Stored(_) | Self::Gone(_) => None,
        }
    }

    /// Whether bytes may still come.
    pub fn is_uploading(&self) -> bool {
        match self {
            Self::Uploading(_) => true,
            Self::Scanning(_) | Self::Stored(_) | Self::Rejected(_) | Self::Gone(_) => false,
        }
    }

    /// Whether it is no more.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Gone(_) => true,
            Self::Uploading(_) | Self::Scanning(_) | Self::Stored(_) | Self::Rejected(_) => false,
        }
    }

    /// Whether the media processor has work with it.
    pub fn is_scanning(&self) -> bool {
        match self {
            Self::Scanning(_) => true,
            Self::Uploading(_) | Self::Stored(_) | Self::Rejected(_) | Self::Gone(_) => false,
        }
    }
}

impl From<Finding> for UploadProgress {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Stored(file) => Self::Stored(file),
            Finding::Rejected(rejected) => Self::Rejected(rejected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_one_name_on_every_wire() {
        for reason in RejectedReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        }
    }
}
