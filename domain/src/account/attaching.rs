//! Attaching: files of the account that its sends carry, and how many messages carry each.
//!
//! Invariants: a send carries only files of its own account that are ready; the last message that goes takes
//! its files with it.

use fold::{Decision, Purpose};
use schemas::attaching::{AttachedFile, CountFiles, FileRole};
use schemas::code::{ErrorCode, Refusal};
use schemas::rows::{Attachment, RowKey};
use schemas::uploading::{Gone, UploadProgress};
use schemas::verdict::Outcome;
use schemas::{AttachmentId, UserId};

use super::{Accounts, uploading};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past};

/// Keys of the rows of files.
pub fn rows(attachments: &[AttachmentId]) -> impl Iterator<Item = RowKey> {
    attachments.iter().map(RowKey::of::<Attachment>)
}

/// Refuses files that no message carries together.
pub fn check(attachments: &[AttachmentId], most: i32) -> Result<(), Refusal> {
    if attachments.len() > usize::try_from(most).unwrap_or(0) {
        return Err(Refusal::limit_reached("attachments_per_message", "too many attachments"));
    }
    let stands_twice = |(nth, one): (usize, &AttachmentId)| attachments[..nth].contains(one);
    if attachments.iter().enumerate().any(stands_twice) {
        return Err(Refusal::bad_input("attachmentIds", "an attachment stands twice"));
    }
    Ok(())
}

/// The files as a message carries them.
pub fn carried(
    context: &Context<'_, Accounts>,
    attachments: &[AttachmentId],
) -> Result<Vec<AttachedFile>, Refusal> {
    check(attachments, context.policy.limits.attachments_per_message)?;
    let file = |id: &AttachmentId| {
        let row = context.row::<Attachment>(id).filter(|row| !row.progress.is_gone());
        embedded(context.id, id, row.ok_or_else(Refusal::not_found)?)
    };
    attachments.iter().map(file).collect()
}

/// A file as it is embedded; ATTACHMENT_NOT_READY before it is stored.
pub fn embedded(uploader: &UserId, id: &AttachmentId, row: &Attachment) -> Result<AttachedFile, Refusal> {
    let not_ready = || Refusal::new(ErrorCode::AttachmentNotReady, "the attachment is not ready");
    Ok(AttachedFile {
        attachment: id.clone(),
        uploader: uploader.clone(),
        file_name: row.declared.file_name.clone(),
        file: row.progress.stored().ok_or_else(not_ready)?.clone(),
        role: FileRole::File,
    })
}

/// Counts what carries files once more or less; does not remove any.
pub fn count(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    attachments: &[AttachmentId],
    by: i32,
) {
    for id in attachments {
        if let Some(row) = context.row::<Attachment>(id).filter(|row| !row.progress.is_gone()) {
            effect.row(id, Attachment { uses: row.uses + by, ..row.clone() });
        }
    }
}

/// Counts what carried files and does so no more. A file that nothing carries is gone.
pub fn release(context: &Context<'_, Accounts>, effect: &mut Effect<Accounts>, attachments: &[AttachmentId]) {
    let stored = |id| context.row::<Attachment>(id).filter(|row| row.progress.stored().is_some());
    for (id, row) in attachments.iter().filter_map(|id| Some((id, stored(id)?))) {
        if row.uses > 1 {
            effect.row(id, Attachment { uses: row.uses - 1, ..row.clone() });
            continue;
        }
        let progress = UploadProgress::Gone(Gone { at: context.at });
        let gone = Attachment { uses: 0, progress, ..row.clone() };
        effect.row(id, gone.clone());
        effect.account_event(context.id, uploading::changed(id, gone));
    }
}

impl Operation<Accounts> for CountFiles {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        rows(&self.attachments).collect()
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut effect = context.effect();
        if self.more {
            count(context, &mut effect, &self.attachments, 1);
        } else {
            release(context, &mut effect, &self.attachments);
        }
        Ok(effect.done())
    }

    /// Nobody waits for it.
    fn repeat(&self, _: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(Outcome::nothing_to_do())
    }
}
