//! Sending a poll: checked, counted and charged as a send.

use std::fmt::Write;

use fold::{Decision, Purpose};
use schemas::charging::{ChargeKind, ClientRequest};
use schemas::message::Content;
use schemas::operations::{CreatePoll, PostPoll};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::sending::{self, Sending};
use super::{Accounts, accepted, idempotency, suspending};
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{moderation, polls, privacy, text};

impl Operation<Accounts> for CreatePoll {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<ClientRequest>(&self.client_id)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let hash = request_hash(self);
        if let Some(repeat) = idempotency::follow_first(context, &self.client_id, hash)? {
            return Ok(repeat);
        }
        suspending::check(context)?;
        polls::check(&self.poll)?;
        polls::check_end(&self.poll, context.at)?;
        moderation::check(context, "question", &self.poll.question.text, 0)?;
        for option in &self.poll.options {
            moderation::check(context, "options", &option.text, 0)?;
        }
        let sending = Sending {
            conversation: &self.conversation,
            client_id: &self.client_id,
            text: &self.poll.question.text,
            attachments: &[],
            template: None,
            recipients: self.recipients,
            kind: ChargeKind::Send,
            hash,
        };
        let post = PostPoll {
            client_id: self.client_id.clone(),
            sender: self.sender.clone(),
            poll: self.poll.clone(),
            shows_reads: privacy::sends_reads(&context.state().privacy),
        };
        Ok(sending::charge(context, &sending, post)?.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(idempotency::repeated(past, &self.client_id, request_hash(self)))
    }
}

/// Hash of what the client said, without the facts that ingest added.
fn request_hash(create: &CreatePoll) -> i64 {
    let CreatePoll { conversation, poll, .. } = create;
    let mut said = format!("poll\0{conversation}\0{}\0{}", poll.multiple, poll.anonymous);
    // Writing to a string does not fail.
    let _ = write!(said, "\0{:?}\0{}", poll.closes_at, poll.question.text);
    for Content { text, .. } in &poll.options {
        let _ = write!(said, "\0{text}");
    }
    text::hash(said.as_bytes())
}
