//! Fetching a page with its images.
//!
//! Invariants: one deadline stands over a page and its images; what is late, refused, no page or says nothing gives no
//! preview. Images are decoded one at a time, which bounds the memory of the process.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::files::FileType;
use egress::{Answer, Egress};
use objects::{Objects, ObjectsError, Rendition};
use schemas::AttachmentId;
use schemas::previewing::{LinkPreview, PreviewImage};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::metrics::Link;
use crate::page::{self, Page};
use crate::{charset, plain};

/// For a page and its images, from the first request to the last pixel.
const WITHIN: Duration = Duration::from_secs(5);
/// Pages that are read at once, as each may take a processor.
const READERS: usize = 2;
/// Pixels of the longer side of an image, and of an icon.
const IMAGE_SIDE: u32 = 640;
const ICON_SIDE: u32 = 64;

const PAGES: &str = "text/html,application/xhtml+xml;q=0.9,image/*;q=0.5,*/*;q=0.1";
const IMAGES: &str = "image/*";

pub struct Fetcher {
    egress: Arc<Egress>,
    objects: Objects,
    reading: Arc<Semaphore>,
    decoding: Arc<Semaphore>,
}

/// What is behind a link.
enum Found {
    Page(Page),
    /// The link itself is an image.
    Image(Bytes),
}

impl Fetcher {
    pub fn new(egress: Egress, objects: Objects) -> Self {
        let (reading, decoding) = (Arc::new(Semaphore::new(READERS)), Arc::new(Semaphore::new(1)));
        Self { egress: Arc::new(egress), objects, reading, decoding }
    }

    /// What is shown of a link, or why nothing is. An error is the store of images.
    pub async fn fetch(&self, link: &str) -> Result<Result<LinkPreview, Link>, ObjectsError> {
        let deadline = Instant::now() + WITHIN;
        let found = match timeout_at(deadline, self.found(link)).await {
            Ok(Ok(found)) => found,
            Ok(Err(reason)) => return Ok(Err(reason)),
            Err(_) => return Ok(Err(Link::Unreachable)),
        };
        let mut preview = LinkPreview { url: link.to_owned(), ..LinkPreview::default() };
        match found {
            Found::Image(bytes) => {
                let small = timeout_at(deadline, self.small(bytes, IMAGE_SIDE)).await.ok().flatten();
                preview.image = self.keep(small).await?;
            }
            Found::Page(page) => {
                let image = timeout_at(deadline, self.image(page.image.as_ref(), IMAGE_SIDE));
                let icon = timeout_at(deadline, self.image(page.icon.as_ref(), ICON_SIDE));
                let (image, icon) = tokio::join!(image, icon);
                preview.title = page.title;
                preview.description = page.description;
                preview.site_name = page.site_name;
                preview.image = self.keep(image.ok().flatten()).await?;
                preview.favicon = self.keep(icon.ok().flatten()).await?;
            }
        }
        Ok(if preview.says_something() { Ok(preview) } else { Err(Link::Nothing) })
    }

    async fn found(&self, link: &str) -> Result<Found, Link> {
        let answer = self.egress.get(link, PAGES).await.map_err(|_| Link::Unreachable)?;
        if !answer.status.is_success() {
            return Err(Link::Unreachable);
        }
        let content_type = content_type(&answer);
        let kind = content_type.as_deref().map(essence);
        match kind.as_deref() {
            Some("text/html" | "application/xhtml+xml") => {}
            Some(kind) if kind.starts_with("image/") => return Ok(Found::Image(answer.body)),
            None if answer.body.trim_ascii_start().starts_with(b"<") => {}
            Some(_) | None => return Err(Link::Nothing),
        }
        let place = self.reading.clone().acquire_owned().await.map_err(|_| Link::Nothing)?;
        let reading = spawn_blocking(move || {
            // Held as long as the thread runs, also after the wait has timed out.
            let _place = place;
            page::read(&charset::decode(&answer.body, content_type.as_deref()), &answer.url)
        });
        reading.await.map(Found::Page).map_err(|_| Link::Nothing)
    }

    /// An image of a page; `None` of one that cannot be had.
    async fn image(&self, url: Option<&Url>, side: u32) -> Option<images::Small> {
        let answer = self.egress.get(url?.as_str(), IMAGES).await.ok()?;
        if !answer.status.is_success() {
            return None;
        }
        self.small(answer.body, side).await
    }

    /// A decoder's panic counts as no image.
    async fn small(&self, bytes: Bytes, side: u32) -> Option<images::Small> {
        let place = self.decoding.clone().acquire_owned().await.ok()?;
        let decoding = spawn_blocking(move || {
            let _place = place;
            images::small(&bytes, side).ok()
        });
        decoding.await.ok().flatten()
    }

    async fn keep(&self, image: Option<images::Small>) -> Result<Option<PreviewImage>, ObjectsError> {
        let Some(images::Small { kind, encoded }) = image else { return Ok(None) };
        let object = name(kind, &encoded);
        self.objects.put(object.as_str(), Rendition::Whole, Bytes::from(encoded)).await?;
        Ok(Some(PreviewImage { object, content_type: kind.media_type().to_owned() }))
    }
}

/// The name of a kept image: a hash of what it is, so the same image has one name.
fn name(kind: FileType, bytes: &[u8]) -> AttachmentId {
    let hash = Sha256::new_with_prefix(b"preview\n");
    let hash = hash.chain_update(kind.media_type()).chain_update(b"\n").chain_update(bytes).finalize();
    AttachmentId::of_hash(hash.into())
}

fn content_type(answer: &Answer) -> Option<String> {
    let value = answer.headers.get("content-type")?.to_str().ok()?;
    Some(plain::cut(value, 256).to_owned())
}

/// A media type without its parameters.
fn essence(content_type: &str) -> String {
    let end = content_type.find(';').unwrap_or(content_type.len());
    content_type[..end].trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_image_has_one_name_and_no_other_has_it() {
        let of = |kind, bytes: &[u8]| name(kind, bytes);
        assert_eq!(of(FileType::Png, b"a"), of(FileType::Png, b"a"));
        assert_ne!(of(FileType::Png, b"a"), of(FileType::Png, b"b"));
        assert_ne!(of(FileType::Png, b"a"), of(FileType::Jpeg, b"a"));
    }

    #[test]
    fn a_media_type_is_what_stands_before_its_parameters() {
        for (given, expected) in
            [("text/html", "text/html"), (" Text/HTML ; charset=x", "text/html"), ("", ""), (";", "")]
        {
            assert_eq!(essence(given), expected);
        }
    }
}
