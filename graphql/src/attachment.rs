//! An attachment: a file, how far it is, and where it is.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use domain::files::FileType;
use objects::Rendition;
use schemas::AttachmentId;
use schemas::uploading::{StoredFile, UploadProgress};

use crate::links::{FileLink, Links};
use crate::scalars::DateTime;
use crate::{Result, reads};

type Row = schemas::uploading::Attachment;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AttachmentState {
    Uploading,
    Scanning,
    Ready,
    Rejected,
}

impl From<&UploadProgress> for AttachmentState {
    fn from(progress: &UploadProgress) -> Self {
        match progress {
            UploadProgress::Uploading(_) => Self::Uploading,
            UploadProgress::Scanning(_) => Self::Scanning,
            UploadProgress::Stored(_) => Self::Ready,
            UploadProgress::Rejected(_) => Self::Rejected,
        }
    }
}

/// A file of its uploader.
pub struct Attachment {
    id: AttachmentId,
    row: Row,
}

impl Attachment {
    pub fn new(id: AttachmentId, row: Row) -> Self {
        Self { id, row }
    }

    fn stored(&self) -> Option<&StoredFile> {
        self.row.progress.stored()
    }

    fn link(&self, ctx: &Context<'_>, rendition: Rendition, content_type: &str) -> Result<String> {
        let reads = reads(ctx)?;
        Ok(reads.links.file(&FileLink {
            attachment: self.id.clone(),
            rendition,
            content_type: content_type.to_owned(),
            file_name: self.row.declared.file_name.clone(),
            expires_at: Links::file_expires_at(reads.now()),
        }))
    }
}

#[Object]
impl Attachment {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    /// Of the stored file once it is READY: an image may have been encoded anew.
    async fn content_type(&self) -> &str {
        self.stored().map_or(&self.row.declared.content_type, |file| &file.content_type)
    }

    async fn file_name(&self) -> &str {
        &self.row.declared.file_name
    }

    /// Of the stored file once it is READY.
    async fn byte_size(&self) -> i64 {
        self.stored().map_or(self.row.declared.byte_size, |file| file.byte_size)
    }

    async fn state(&self) -> AttachmentState {
        (&self.row.progress).into()
    }

    async fn rejected_reason(&self) -> Option<&'static str> {
        self.row.progress.rejected().map(|reason| reason.as_str())
    }

    /// Valid for at least half a day; ask for the attachment again to renew it.
    async fn url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        self.stored().map(|file| self.link(ctx, Rendition::Whole, &file.content_type)).transpose()
    }

    async fn thumbnail_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let kind = self.stored().filter(|file| file.has_thumbnail).and_then(thumbnail_type);
        kind.map(|kind| self.link(ctx, Rendition::Thumbnail, kind)).transpose()
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
}

/// Media type of an image's thumbnail.
fn thumbnail_type(file: &StoredFile) -> Option<&'static str> {
    FileType::of(&file.content_type)?.thumbnail().map(FileType::media_type)
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
