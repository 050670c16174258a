//! What a file is, by its bytes alone.
//!
//! Invariant: a file passes only if its bytes begin as those of the declared type do, and an image only if it
//! can be decoded within limits.

use domain::files::FileType;
use schemas::digest;
use schemas::uploading::{Declared, RejectedReason};

use images::Image;

/// A file that passes.
#[derive(Debug)]
pub struct Examined {
    /// Of the bytes that are kept.
    pub kind: FileType,
    /// An image as it was encoded anew; other files are kept as they are.
    pub encoded: Option<Vec<u8>>,
    pub image: Option<Image>,
}

/// Looks at the bytes of a file.
pub fn examine(bytes: &[u8], declared: &Declared) -> Result<Examined, RejectedReason> {
    if i64::try_from(bytes.len()) != Ok(declared.byte_size) {
        return Err(RejectedReason::SizeMismatch);
    }
    if declared.sha256.as_ref().is_some_and(|wanted| *wanted != digest::sha256(bytes)) {
        return Err(RejectedReason::ChecksumMismatch);
    }
    let kind = sniff(bytes).ok_or(RejectedReason::TypeMismatch)?;
    if kind.media_type() != declared.content_type {
        return Err(RejectedReason::TypeMismatch);
    }
    if !kind.is_image() {
        return Ok(Examined { kind, encoded: None, image: None });
    }
    let (kind, encoded, image) = images::encode_anew(kind, bytes)?;
    Ok(Examined { kind, encoded: Some(encoded), image: Some(image) })
}

/// The type that the first bytes say, if it is one of those that are accepted.
fn sniff(bytes: &[u8]) -> Option<FileType> {
    match infer::get(bytes)?.mime_type() {
        "audio/m4a" => Some(FileType::M4a),
        other => FileType::of(other),
    }
}

#[cfg(test)]
mod tests;
