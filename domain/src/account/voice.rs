//! Sending a voice message: checked, counted and charged as a send.
//!
//! Invariant: a recording is a file of the account that is ready, and whose length was heard and is allowed.

use fold::{Decision, Purpose};
use schemas::attaching::{AttachedFile, FileRole};
use schemas::charging::{ChargeKind, ClientRequest};
use schemas::code::Refusal;
use schemas::control::Limits;
use schemas::message::{Content, Mentions};
use schemas::operations::{PostMessage, SendVoice};
use schemas::rows::{Attachment, RowKey};
use schemas::uploading::Declared;
use schemas::verdict::Outcome;

use super::sending::{self, Sending};
use super::{Accounts, accepted, attaching, idempotency, suspending};
use crate::files::FileType;
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{privacy, text};

impl Operation<Accounts> for SendVoice {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<ClientRequest>(&self.client_id), RowKey::of::<Attachment>(&self.attachment)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let hash = request_hash(self);
        if let Some(repeat) = idempotency::follow_first(context, &self.client_id, hash)? {
            return Ok(repeat);
        }
        suspending::check(context)?;
        let recording = recording(context, self)?;
        let attachments = [self.attachment.clone()];
        let sending = Sending {
            conversation: &self.conversation,
            client_id: &self.client_id,
            text: "",
            attachments: &attachments,
            template: None,
            recipients: self.recipients,
            kind: ChargeKind::Send,
            hash,
        };
        let post = PostMessage {
            client_id: self.client_id.clone(),
            sender: self.sender.clone(),
            content: Content::plain(""),
            reply_to: self.reply_to.clone(),
            mentions: Mentions::default(),
            attachments: vec![recording],
            sticker: None,
            gif: None,
            forwarded: None,
            shows_reads: privacy::sends_reads(&context.state().privacy),
        };
        Ok(sending::charge(context, &sending, post)?.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(idempotency::repeated(past, &self.client_id, request_hash(self)))
    }
}

/// The file as the message carries it.
fn recording(context: &Context<'_, Accounts>, send: &SendVoice) -> Result<AttachedFile, Refusal> {
    let row = context.row::<Attachment>(&send.attachment).filter(|row| !row.progress.is_gone());
    let row = row.ok_or_else(Refusal::not_found)?;
    check_type(&row.declared)?;
    let file = attaching::embedded(context.id, &send.attachment, row)?;
    check_length(&file, &context.policy.limits)?;
    Ok(AttachedFile { role: FileRole::Voice, ..file })
}

/// Refuses a file that is no audio, however far it is.
fn check_type(declared: &Declared) -> Result<(), Refusal> {
    let is_audio = FileType::of(&declared.content_type).is_some_and(FileType::is_audio);
    if is_audio { Ok(()) } else { Err(bad("a voice message is audio")) }
}

/// Refuses a recording whose length is not known or not allowed.
fn check_length(file: &AttachedFile, limits: &Limits) -> Result<(), Refusal> {
    let sound = file.file.sound.as_ref().ok_or_else(|| bad("audio of this kind is no voice message"))?;
    if i64::from(sound.duration_ms) > i64::from(limits.voice_seconds) * 1_000 {
        return Err(Refusal::limit_reached("voice_seconds", "the recording is too long"));
    }
    Ok(())
}

fn bad(detail: &str) -> Refusal {
    Refusal::bad_input("attachmentId", detail)
}

/// Hash of what the client said, without the facts that ingest added.
fn request_hash(send: &SendVoice) -> i64 {
    let SendVoice { conversation, attachment, .. } = send;
    let reply_to = send.reply_to.as_ref().map_or(0, |parent| parent.seq);
    text::hash(format!("voice\0{conversation}\0{reply_to}\0{attachment}").as_bytes())
}
