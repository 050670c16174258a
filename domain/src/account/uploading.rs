//! Uploading: which files are expected, and how far each is.
//!
//! Invariants: an attachment only goes forward; what was declared of it never changes; a beginning counts
//! against the limit once.

use fold::{Decision, Purpose};
use schemas::AttachmentId;
use schemas::code::{ErrorCode, Refusal};
use schemas::control::Limits;
use schemas::rows::{Attachment, RowKey};
use schemas::uploading::{
    AttachmentChanged, CompleteUpload, CreateUpload, Declared, Scanning, SettleUpload, UploadProgress,
    Uploading,
};
use schemas::verdict::Outcome;

use super::{Accounts, usage};
use crate::files::FileType;
use crate::operation::{Context, NoEffect, Operation, Past, holds};
use crate::{moderation, text};

/// Unicode scalar values of a file's name.
const FILE_NAME_CHARACTERS: i32 = 255;
/// Hexadecimal digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

impl Operation<Accounts> for CreateUpload {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let attachment = RowKey::of::<Attachment>(&self.attachment);
        match purpose {
            Purpose::Decide => vec![attachment, usage::key(usage::UPLOAD)],
            Purpose::Repeat => vec![attachment],
        }
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if let Some(known) = context.row::<Attachment>(&self.attachment) {
            return Err(if known.declared == self.declared {
                NoEffect::Nothing
            } else {
                Refusal::new(ErrorCode::IdempotencyConflict, "this id was used for another file").into()
            });
        }
        let limits = &context.policy.limits;
        check(&self.declared, limits)?;
        moderation::check(context, "fileName", &self.declared.file_name, 0)?;
        let mut effect = context.effect();
        usage::count(context, &mut effect, usage::UPLOAD, &limits.upload)?;
        let progress = UploadProgress::Uploading(Uploading { since: context.at });
        let begun = Attachment { declared: self.declared.clone(), created_at: context.at, uses: 0, progress };
        effect.row(&self.attachment, begun.clone());
        effect.account_event(context.id, changed(&self.attachment, begun));
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let known = past.owner.get::<Attachment>(&self.attachment);
        holds(known.is_some_and(|known| known.declared == self.declared))
    }
}

impl Operation<Accounts> for CompleteUpload {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Attachment>(&self.attachment)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let next = UploadProgress::Scanning(Scanning { since: context.at });
        advance(context, &self.attachment, UploadProgress::is_uploading, next)
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let known = past.owner.get::<Attachment>(&self.attachment);
        holds(known.is_some_and(|known| !known.progress.is_uploading()))
    }
}

impl Operation<Accounts> for SettleUpload {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Attachment>(&self.attachment)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let next = self.finding.clone().into();
        advance(context, &self.attachment, UploadProgress::is_scanning, next)
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let known = past.owner.get::<Attachment>(&self.attachment);
        holds(known.is_some_and(|known| known.progress == self.finding.clone().into()))
    }
}

/// The next step of an attachment that stands where the step begins; another is left as it is.
fn advance(
    context: &Context<'_, Accounts>,
    id: &AttachmentId,
    begins: fn(&UploadProgress) -> bool,
    progress: UploadProgress,
) -> Result<Decision<Accounts>, NoEffect> {
    let known = context.row::<Attachment>(id).ok_or_else(Refusal::not_found)?;
    if !begins(&known.progress) {
        return Err(NoEffect::Nothing);
    }
    let next = Attachment { progress, ..known.clone() };
    let mut effect = context.effect();
    effect.row(id, next.clone());
    effect.account_event(context.id, changed(id, next));
    Ok(effect.done())
}

pub fn changed(attachment: &AttachmentId, now: Attachment) -> AttachmentChanged {
    AttachmentChanged { attachment: attachment.clone(), now }
}

/// Refuses a file that no message may carry, by what is said of it.
pub fn check(declared: &Declared, limits: &Limits) -> Result<(), Refusal> {
    let Declared { file_name, content_type, byte_size, sha256 } = declared;
    text::check("fileName", file_name, FILE_NAME_CHARACTERS)?;
    if file_name.contains(['/', '\\', '\n', '\t']) {
        return Err(Refusal::bad_input("fileName", "a name has no slash and no line break"));
    }
    if FileType::of(content_type).is_none_or(|known| known.media_type() != content_type) {
        return Err(Refusal::bad_input("contentType", "files of this type are not accepted"));
    }
    if !(1..=i64::from(limits.attachment_bytes)).contains(byte_size) {
        return Err(Refusal::bad_input(
            "byteSize",
            "a file has at least one byte, and no more than the limit",
        ));
    }
    let is_digest = |digest: &String| {
        digest.len() == DIGEST_DIGITS
            && digest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    if !sha256.as_ref().is_none_or(is_digest) {
        return Err(Refusal::bad_input("sha256", "64 hexadecimal digits in lower case"));
    }
    Ok(())
}
