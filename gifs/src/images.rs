//! Images of GIFs, as clients get them: from here, so that no provider learns who looks at what.
//!
//! Invariant: what is given is an image by its first bytes, within the bounds of its egress.

use bytes::Bytes;
use egress::Egress;
use moka::sync::Cache;

use crate::drawn;

/// Bytes of images that a process keeps.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub content_type: &'static str,
    pub bytes: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Its provider does not have it any more, or has something else in its place.
    #[error("there is no such image")]
    Gone,
    /// Try again.
    #[error("the image cannot be had just now")]
    Away,
}

pub struct Images {
    egress: Egress,
    kept: Cache<String, Image>,
}

impl Images {
    pub(crate) fn new(egress: Egress) -> Self {
        let weight =
            |url: &String, image: &Image| u32::try_from(url.len() + image.bytes.len()).unwrap_or(u32::MAX);
        Self { egress, kept: Cache::builder().weigher(weight).max_capacity(KEPT_BYTES).build() }
    }

    /// The image at an address that a provider gave.
    pub async fn get(&self, url: &str) -> Result<Image, ImageError> {
        if let Some(bytes) = drawn::image(url) {
            return Ok(Image { content_type: "image/gif", bytes });
        }
        if let Some(kept) = self.kept.get(url) {
            return Ok(kept);
        }
        let answer =
            self.egress.get(url, "image/gif,image/webp;q=0.9").await.map_err(|_| ImageError::Away)?;
        if !answer.status.is_success() {
            let is_away = answer.status.is_server_error() || answer.status.as_u16() == 429;
            return Err(if is_away { ImageError::Away } else { ImageError::Gone });
        }
        let content_type = content_type(&answer.body).ok_or(ImageError::Gone)?;
        let image = Image { content_type, bytes: answer.body };
        self.kept.insert(url.to_owned(), image.clone());
        Ok(image)
    }
}

/// The media type that the first bytes say.
fn content_type(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let is_gif = bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a");
    is_gif.then_some("image/gif").or(is_webp.then_some("image/webp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_that_move_are_images_here() {
        assert_eq!(content_type(b"GIF89a......"), Some("image/gif"));
        assert_eq!(content_type(b"RIFF\0\0\0\0WEBPVP8X"), Some("image/webp"));
        for other in [&b"<html>"[..], b"GIF", b"RIFF\0\0\0\0WAVE", b"", b"\x89PNG\r\n\x1a\n"] {
            assert_eq!(content_type(other), None);
        }
    }
}
