//! Uploading files: the ticket, and the report that all bytes are staged.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Object};
use domain::account::check_upload;
use domain::files::FileType;
use domain::text;
use graphql::Result;
use graphql::attachment::{Attachment, UploadTicket};
use graphql::error::objects_error;
use graphql::ids::parse_id;
use graphql::links::{Links, UploadLink};
use graphql::scalars::DateTime;
use schemas::control::Policy;
use schemas::uploading::{CompleteUpload, CreateUpload, Declared};
use schemas::{AttachmentId, ClientId, Refusal};
use uuid::Uuid;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Uploading;

#[derive(Debug, InputObject)]
pub struct CreateUploadInput {
    /// Chosen by the client, once per file. The same again gives a new ticket for the same file.
    client_upload_id: Uuid,
    file_name: String,
    /// What the bytes are, exactly.
    content_type: String,
    /// How many bytes, exactly.
    byte_size: i64,
    /// Of the bytes, in hexadecimal: others are rejected.
    sha256: Option<String>,
}

#[Object]
impl Uploading {
    async fn create_upload(&self, ctx: &Context<'_>, input: CreateUploadInput) -> Result<UploadTicket> {
        let caller = caller(ctx)?;
        let CreateUploadInput { client_upload_id, file_name, content_type, byte_size, sha256 } = input;
        let known = FileType::of(&content_type).map(|known| known.media_type().to_owned());
        let declared = Declared {
            file_name: text::normalise(&file_name).trim().to_owned(),
            content_type: known.unwrap_or(content_type),
            byte_size,
            sha256: sha256.map(|digest| digest.to_ascii_lowercase()),
        };
        let fits = |policy: &Policy| check_upload(&declared, &policy.limits);
        caller.ingest.policy.check(fits).await?;
        let reads = caller.access.reads;
        let attachment = reads.ids.uploaded(caller.user(), &ClientId::from(client_upload_id));
        let create = CreateUpload { attachment: attachment.clone(), declared: declared.clone() };
        caller.run(RequestKind::Direct, create).await?;
        let expires_at = Links::upload_expires_at(reads.now());
        let id = attachment.as_str().into();
        let url = reads.links.upload(&UploadLink {
            uploader: caller.user().clone(),
            attachment,
            byte_size,
            expires_at,
        });
        let headers = BTreeMap::from([("Content-Type".to_owned(), declared.content_type)]);
        let (method, headers) = ("PUT".to_owned(), headers.into());
        Ok(UploadTicket { attachment_id: id, url, method, headers, expires_at: DateTime(expires_at) })
    }

    /// All bytes have been put. The attachment is scanned; its state follows on the inbox.
    async fn complete_upload(&self, ctx: &Context<'_>, attachment_id: ID) -> Result<Attachment> {
        let caller = caller(ctx)?;
        let id: AttachmentId = parse_id(&attachment_id)?;
        let reads = caller.access.reads;
        let row = reads.attachment(caller.user(), &id).await?;
        if row.progress.is_uploading() {
            let staged = caller.ingest.objects.staged(id.as_str()).await;
            let staged = staged.map_err(|error| objects_error(&error))?;
            if u64::try_from(row.declared.byte_size) != Ok(staged) {
                let detail = format!("{staged} of {} bytes are there", row.declared.byte_size);
                return Err(Refusal::bad_input("attachmentId", detail).into());
            }
            caller.run(RequestKind::Direct, CompleteUpload { attachment: id.clone() }).await?;
        }
        let row = reads.attachment(caller.user(), &id).await.map_err(super::done)?;
        Ok(Attachment::own(id, row).ok_or_else(Refusal::not_found)?)
    }
}
