//! An attachment: a file, how far it is, and where it is.

pub mod media;

use std::fmt;
use std::str::FromStr;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::files::FileType;
use objects::Rendition;
use schemas::attaching::AttachedFile;
use schemas::ids::InvalidId;
use schemas::uploading::{Declared, RejectedReason, StoredFile, UploadProgress};
use schemas::{AttachmentId, MessageId, Refusal};

use crate::links::{FileLink, Links};
use crate::scalars::DateTime;
use crate::{Access, Error, reads};

type Row = schemas::uploading::Attachment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AttachmentState {
    Uploading,
    Scanning,
    Ready,
    Rejected,
}

impl AttachmentState {
    /// Nothing for a file that is no more.
    fn of(progress: &UploadProgress) -> Option<Self> {
        match progress {
            UploadProgress::Uploading(_) => Some(Self::Uploading),
            UploadProgress::Scanning(_) => Some(Self::Scanning),
            UploadProgress::Stored(_) => Some(Self::Ready),
            UploadProgress::Rejected(_) => Some(Self::Rejected),
            UploadProgress::Gone(_) => None,
        }
    }
}

/// A file, as its uploader or a message has it.
pub struct Attachment {
    id: AttachmentRef,
    state: AttachmentState,
    file_name: String,
    /// As declared, where nothing is stored yet.
    content_type: String,
    byte_size: i64,
    rejected: Option<RejectedReason>,
    stored: Option<StoredFile>,
}

/// Names a file: one of the viewer's own, or one that a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRef {
    pub attachment: AttachmentId,
    pub message: Option<MessageId>,
}

impl fmt::Display for AttachmentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            None => write!(f, "{}", self.attachment),
            Some(message) => write!(f, "{}-{message}", self.attachment),
        }
    }
}

impl FromStr for AttachmentRef {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = |_| InvalidId { kind: "attachment" };
        match text.split_once('-') {
            None => Ok(Self { attachment: text.parse()?, message: None }),
            Some((attachment, message)) => {
                Ok(Self { attachment: attachment.parse()?, message: Some(message.parse().map_err(invalid)?) })
            }
        }
    }
}

impl Attachment {
    /// One of the viewer's own, if it is still there.
    pub fn own(attachment: AttachmentId, row: Row) -> Option<Self> {
        let state = AttachmentState::of(&row.progress)?;
        let Declared { file_name, content_type, byte_size, sha256: _ } = row.declared;
        let (rejected, stored) = (row.progress.rejected(), row.progress.stored().cloned());
        let id = AttachmentRef { attachment, message: None };
        Some(Self { id, state, file_name, content_type, byte_size, rejected, stored })
    }

    /// One that a message carries.
    pub fn carried(message: &MessageId, file: &AttachedFile) -> Self {
        let AttachedFile { attachment, uploader: _, file_name, file, role: _ } = file.clone();
        Self {
            id: AttachmentRef { attachment, message: Some(message.clone()) },
            state: AttachmentState::Ready,
            file_name,
            content_type: file.content_type.clone(),
            byte_size: file.byte_size,
            rejected: None,
            stored: Some(file),
        }
    }

    /// The attachment of a reference, if the viewer may see it; NOT_FOUND for any other.
    pub async fn find(access: &Access<'_>, id: AttachmentRef) -> Result<Self, Refusal> {
        let Some(message) = id.message else {
            let row = access.reads.attachment(access.viewer, &id.attachment).await?;
            return Self::own(id.attachment, row).ok_or_else(Refusal::not_found);
        };
        let carrying = access.message(&message).await?;
        let mut files = carrying.body.attachments().iter();
        let file = files.find(|file| file.attachment == id.attachment).ok_or_else(Refusal::not_found)?;
        Ok(Self::carried(&message, file))
    }

    fn stored(&self) -> Option<&StoredFile> {
        self.stored.as_ref()
    }
}

/// The link to a rendition of a file.
fn link(
    ctx: &Context<'_>,
    id: &AttachmentId,
    file_name: &str,
    rendition: Rendition,
    content_type: &str,
) -> Result<String, Error> {
    let reads = reads(ctx)?;
    Ok(reads.links.file(&FileLink {
        attachment: id.clone(),
        rendition,
        content_type: content_type.to_owned(),
        file_name: file_name.to_owned(),
        expires_at: Links::file_expires_at(reads.now()),
    }))
}

/// The link to a whole file.
pub fn whole(
    ctx: &Context<'_>,
    id: &AttachmentId,
    file_name: &str,
    content_type: &str,
) -> Result<String, Error> {
    link(ctx, id, file_name, Rendition::Whole, content_type)
}

/// The link to the small copy of a file, if it has one.
pub fn thumbnail(
    ctx: &Context<'_>,
    id: &AttachmentId,
    file_name: &str,
    file: &StoredFile,
) -> Result<Option<String>, Error> {
    let small = FileType::of(&file.content_type).filter(|_| file.has_thumbnail).and_then(FileType::thumbnail);
    small.map(|small| link(ctx, id, file_name, Rendition::Thumbnail, small.media_type())).transpose()
}

#[Object]
impl Attachment {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// Of the stored file once it is READY: an image may have been encoded anew.
    async fn content_type(&self) -> &str {
        self.stored().map_or(&self.content_type, |file| &file.content_type)
    }

    async fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Of the stored file once it is READY.
    async fn byte_size(&self) -> i64 {
        self.stored().map_or(self.byte_size, |file| file.byte_size)
    }

    async fn state(&self) -> AttachmentState {
        self.state
    }

    async fn rejected_reason(&self) -> Option<&'static str> {
        self.rejected.map(RejectedReason::as_str)
    }

    /// Valid for at least half a day; ask for the attachment again to renew it.
    async fn url(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        let (id, name) = (&self.id.attachment, &self.file_name);
        self.stored().map(|file| whole(ctx, id, name, &file.content_type)).transpose()
    }

    async fn thumbnail_url(&self, ctx: &Context<'_>) -> Result<Option<String>, Error> {
        self.stored().map_or(Ok(None), |file| thumbnail(ctx, &self.id.attachment, &self.file_name, file))
    }

    async fn width(&self) -> Option<i32> {
        self.stored()?.width
    }

    async fn height(&self) -> Option<i32> {
        self.stored()?.height
    }

    /// thumbhash, base64
    async fn placeholder(&self) -> Option<&str> {
        self.stored()?.placeholder.as_deref()
    }

    /// of audio that could be decoded, by its samples
    async fn duration_seconds(&self) -> Option<f64> {
        Some(f64::from(self.stored()?.sound.as_ref()?.duration_ms) / 1_000.0)
    }

    /// of the same, 64 peaks, 0-255
    async fn waveform(&self) -> Option<&[i32]> {
        Some(&self.stored()?.sound.as_ref()?.peaks)
    }
}

/// How to hand over a file: PUT the bytes to url with these headers, then call completeUpload.
#[derive(SimpleObject)]
pub struct UploadTicket {
    pub attachment_id: ID,
    pub url: String,
    pub method: String,
    pub headers: async_graphql::Json<std::collections::BTreeMap<String, String>>,
    pub expires_at: DateTime,
}
