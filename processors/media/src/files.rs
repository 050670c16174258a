//! What a file is, by its bytes alone.
//!
//! Invariant: a file passes only if its bytes begin as those of the declared type do, an image only if it can be
//! decoded within limits, and audio of a type that is decoded only if it sounds as long as it says.

use domain::files::FileType;
use schemas::digest;
use schemas::uploading::{Declared, RejectedReason, Sound};

use images::Image;

use crate::audio;

/// A file that passes.
#[derive(Debug)]
pub struct Examined {
    /// Of the bytes that are kept.
    pub kind: FileType,
    /// An image as it was encoded anew; other files are kept as they are.
    pub encoded: Option<Vec<u8>>,
    pub image: Option<Image>,
    /// Of audio that was decoded.
    pub sound: Option<Sound>,
}

/// Looks at the bytes of a file.
pub fn examine(bytes: &[u8], declared: &Declared) -> Result<Examined, RejectedReason> {
    if i64::try_from(bytes.len()) != Ok(declared.byte_size) {
        return Err(RejectedReason::SizeMismatch);
    }
    if declared.sha256.as_ref().is_some_and(|wanted| *wanted != digest::sha256(bytes)) {
        return Err(RejectedReason::ChecksumMismatch);
    }
    let kind = FileType::of(&declared.content_type).ok_or(RejectedReason::TypeMismatch)?;
    let found = sniff(bytes).ok_or(RejectedReason::TypeMismatch)?;
    if !may_be(found, kind) {
        return Err(RejectedReason::TypeMismatch);
    }
    if !kind.is_image() {
        let sound = audio::measure(kind, bytes)?;
        return Ok(Examined { kind, encoded: None, image: None, sound });
    }
    let (kind, encoded, image) = images::encode_anew(kind, bytes)?;
    Ok(Examined { kind, encoded: Some(encoded), image: Some(image), sound: None })
}

/// The type that the first bytes say, if it is one of those that are accepted.
fn sniff(bytes: &[u8]) -> Option<FileType> {
    // Brands of newer versions of the format are many.
    if bytes.get(4..11) == Some(b"ftypiso") {
        return Some(FileType::Mp4);
    }
    match infer::get(bytes)?.mime_type() {
        "audio/m4a" => Some(FileType::M4a),
        "audio/opus" => Some(FileType::Ogg),
        other => FileType::of(other),
    }
}

/// Whether a file that begins as one type does may be of another: recorders write audio alone into containers of
/// video.
fn may_be(found: FileType, declared: FileType) -> bool {
    found == declared
        || (found == FileType::Webm && declared == FileType::AudioWebm)
        || (found == FileType::Mp4 && declared == FileType::M4a)
}

#[cfg(test)]
mod tests;
