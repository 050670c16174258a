//! Links to files: where an uploader puts bytes, and where those who see an attachment get them.
//!
//! Invariants: a link is signed as a whole and holds all that serving it needs; a
//! link to a file depends on the attachment alone, not on its viewer, and is the same for half a day, so
//! that it can be cached and rendered once.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use objects::Rendition;
use schemas::position::LogTime;
use schemas::{AttachmentId, ConversationKey, UserId};

const HOUR_MS: LogTime = 60 * 60 * 1_000;
/// How long bytes may come on one ticket.
const UPLOAD_MS: LogTime = HOUR_MS;
/// Links to files expire at multiples of this time, at least one and at most two of them ahead.
const FILE_MS: LogTime = 12 * HOUR_MS;
/// The longest token that is read, in bytes.
const MAX_TOKEN_BYTES: usize = 2_048;

/// Makes links, and reads them. Every process of a deployment reads those of every other.
#[derive(Clone)]
pub struct Links {
    key: ConversationKey,
    /// Stands before the path of each link: scheme, host and port; empty for links that are relative to the
    /// place of the API.
    base: Arc<str>,
}

/// Permission to put the bytes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadLink {
    pub uploader: UserId,
    pub attachment: AttachmentId,
    /// The exact size of the file.
    pub byte_size: i64,
    pub expires_at: LogTime,
}

/// Permission to get one rendition of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    pub attachment: AttachmentId,
    pub rendition: Rendition,
    pub content_type: String,
    /// What the file is called where it is saved.
    pub file_name: String,
    pub expires_at: LogTime,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadLink {
    Unknown,
    Expired,
}

impl Links {
    pub fn new(key: ConversationKey, base: &str) -> Self {
        Self { key, base: base.trim_end_matches('/').into() }
    }

    /// When a ticket that is made now expires.
    pub fn upload_expires_at(now: LogTime) -> LogTime {
        now + UPLOAD_MS
    }

    pub fn upload(&self, link: &UploadLink) -> String {
        let UploadLink { uploader, attachment, byte_size, expires_at } = link;
        let token = self.token(&format!("upload\n{expires_at}\n{byte_size}\n{attachment}\n{uploader}"));
        format!("{}/uploads/{token}", self.base)
    }

    pub fn read_upload(&self, token: &str, now: LogTime) -> Result<UploadLink, BadLink> {
        let payload = self.payload(token)?;
        let parts: Vec<&str> = payload.split('\n').collect();
        let ["upload", expires_at, byte_size, attachment, uploader] = parts[..] else {
            return Err(BadLink::Unknown);
        };
        Ok(UploadLink {
            uploader: uploader.parse().map_err(|_| BadLink::Unknown)?,
            attachment: attachment.parse().map_err(|_| BadLink::Unknown)?,
            byte_size: byte_size.parse().map_err(|_| BadLink::Unknown)?,
            expires_at: unexpired(expires_at, now)?,
        })
    }

    /// When a link to a file that is made now expires.
    pub fn file_expires_at(now: LogTime) -> LogTime {
        (now.div_euclid(FILE_MS) + 2) * FILE_MS
    }

    pub fn file(&self, link: &FileLink) -> String {
        let FileLink { attachment, rendition, content_type, file_name, expires_at } = link;
        let rendition = rendition.name();
        let payload = format!("file\n{expires_at}\n{attachment}\n{rendition}\n{content_type}\n{file_name}");
        format!("{}/files/{}", self.base, self.token(&payload))
    }

    pub fn read_file(&self, token: &str, now: LogTime) -> Result<FileLink, BadLink> {
        let payload = self.payload(token)?;
        let parts: Vec<&str> = payload.split('\n').collect();
        let ["file", expires_at, attachment, rendition, content_type, file_name] = parts[..] else {
            return Err(BadLink::Unknown);
        };
        Ok(FileLink {
            attachment: attachment.parse().map_err(|_| BadLink::Unknown)?,
            rendition: Rendition::of(rendition).ok_or(BadLink::Unknown)?,
            content_type: content_type.to_owned(),
            file_name: file_name.to_owned(),
            expires_at: unexpired(expires_at, now)?,
        })
    }

    /// A link to the image at an address that a provider of GIFs gave.
    pub fn gif(&self, url: &str, now: LogTime) -> String {
        let expires_at = Self::file_expires_at(now);
        format!("{}/gifs/{}", self.base, self.token(&format!("gif\n{expires_at}\n{url}")))
    }

    /// The address of a GIF, and when the link expires.
    pub fn read_gif(&self, token: &str, now: LogTime) -> Result<(String, LogTime), BadLink> {
        let payload = self.payload(token)?;
        let parts: Vec<&str> = payload.split('\n').collect();
        let ["gif", expires_at, url] = parts[..] else { return Err(BadLink::Unknown) };
        Ok((url.to_owned(), unexpired(expires_at, now)?))
    }

    fn token(&self, payload: &str) -> String {
        let signature = self.key.sign(payload);
        URL_SAFE_NO_PAD.encode([&signature[..], payload.as_bytes()].concat())
    }

    /// The payload of a token with a valid signature.
    fn payload(&self, token: &str) -> Result<String, BadLink> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(BadLink::Unknown);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| BadLink::Unknown)?;
        let (signature, payload) = bytes.split_first_chunk().ok_or(BadLink::Unknown)?;
        let payload = std::str::from_utf8(payload).map_err(|_| BadLink::Unknown)?;
        if self.key.has_signed(payload, signature) { Ok(payload.to_owned()) } else { Err(BadLink::Unknown) }
    }
}

fn unexpired(expires_at: &str, now: LogTime) -> Result<LogTime, BadLink> {
    let expires_at: LogTime = expires_at.parse().map_err(|_| BadLink::Unknown)?;
    if now < expires_at { Ok(expires_at) } else { Err(BadLink::Expired) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(key: u8) -> Links {
        Links::new(ConversationKey::new([key; 32]), "https://files.example/")
    }

    fn file(expires_at: LogTime) -> FileLink {
        FileLink {
            attachment: "0".repeat(32).parse().unwrap(),
            rendition: Rendition::Whole,
            content_type: "image/png".to_owned(),
            file_name: "Grüße 'x'.png".to_owned(),
            expires_at,
        }
    }

    fn token(url: &str) -> &str {
        url.rsplit('/').next().unwrap()
    }

    #[test]
    fn a_link_says_what_it_was_made_of_until_it_expires() {
        let upload = UploadLink {
            uploader: "ann".parse().unwrap(),
            attachment: "1".repeat(32).parse().unwrap(),
            byte_size: 7,
            expires_at: 1_000,
        };
        let url = links(1).upload(&upload);
        assert!(url.starts_with("https://files.example/uploads/"), "{url}");
        assert_eq!(links(1).read_upload(token(&url), 999), Ok(upload));
        assert_eq!(links(1).read_upload(token(&url), 1_000), Err(BadLink::Expired));
        let url = links(1).file(&file(1_000));
        assert_eq!(links(1).read_file(token(&url), 0), Ok(file(1_000)));
        assert_eq!(links(1).read_upload(token(&url), 0), Err(BadLink::Unknown), "of the other kind");
    }

    #[test]
    fn no_byte_of_a_link_can_be_changed() {
        let url = links(1).file(&file(1_000));
        let bytes = URL_SAFE_NO_PAD.decode(token(&url)).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(links(1).read_file(&changed, 0), Err(BadLink::Unknown), "byte {at}");
        }
        for foreign in ["", "x", "AAAA", "ÄÖ", &"A".repeat(3_000), token(&links(2).file(&file(1_000)))] {
            assert_eq!(links(1).read_file(foreign, 0), Err(BadLink::Unknown), "{foreign}");
        }
    }

    #[test]
    fn links_to_a_file_are_the_same_for_half_a_day_and_valid_for_at_least_as_long() {
        for now in [0, 1, FILE_MS - 1] {
            assert_eq!(Links::file_expires_at(now), 2 * FILE_MS, "{now}");
        }
        assert_eq!(Links::file_expires_at(FILE_MS), 3 * FILE_MS);
    }
}
