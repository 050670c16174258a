//! Editing a message: within a window, a limited number of times, by its sender.
//!
//! Invariant: an edit to the same text changes nothing and counts nothing; every replaced text is kept.

use fold::{Decision, Purpose};
use schemas::code::{ErrorCode, Refusal};
use schemas::editing::{EditMessage, Edits, MessageEdited, Replaced};
use schemas::membership::Member;
use schemas::message::{Edited, Message};
use schemas::rows::{MessageHead, RowKey};
use schemas::tables::views::MessageRow;
use schemas::verdict::{Done, Outcome};

use super::{Conversations, Here, messages, previewing, reporting};
use crate::operation::{NoEffect, Operation, Past};
use crate::text;

impl Operation<Conversations> for EditMessage {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let edits = RowKey::of::<Edits>(&self.message.seq);
        let decide = || {
            let people = self.mentions.people.iter().map(|person| RowKey::of::<Member>(&person.user));
            let sight = messages::sight_of(&self.actor, self.message.seq, self.message.sender_id());
            sight.into_iter().chain(people).collect::<Vec<_>>()
        };
        match purpose {
            Purpose::Decide => {
                let flag = reporting::flag_key(self.message.seq);
                decide().into_iter().chain([edits, flag]).collect()
            }
            Purpose::Repeat => vec![edits],
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Some(charge) = &context.envelope.charge else { return Err(super::uncharged().into()) };
        let seq = self.message.seq;
        let head = messages::visible(context, &self.actor, seq, self.message.sender_id())?;
        if head.sender.as_ref() != Some(&self.actor) {
            return Err(Refusal::new(ErrorCode::Forbidden, "only the sender may edit a message").into());
        }
        if head.removed_at.is_some() {
            return Err(Refusal::not_found().into());
        }
        let carried = messages::stored_core(head, &self.message)?;
        if carried.body.poll().is_some() {
            return Err(Refusal::bad_input("messageId", "a poll is not edited").into());
        }
        if carried.body.voice().is_some() {
            return Err(Refusal::bad_input("messageId", "a voice message is not edited").into());
        }
        if carried.body.sticker().is_some() {
            return Err(Refusal::bad_input("messageId", "a sticker is not edited").into());
        }
        if carried.body.forwarded().is_some() {
            return Err(
                Refusal::bad_input("messageId", "the text of a forwarded message is another's").into()
            );
        }
        let edits = context.row::<Edits>(&seq);
        let standing = edits.and_then(|edits| edits.content.as_ref()).or(carried.body.content());
        let standing = standing.ok_or_else(Refusal::not_found)?.clone();
        if standing == self.content {
            return Err(NoEffect::Nothing);
        }
        check(self, context, head, edits)?;
        let mut charges = edits.map_or_else(Vec::new, |edits| edits.charges.clone());
        charges.push(charge.position);
        let edits = Edits { charges, content: Some(self.content.clone()), at: context.at };
        let count = edits.count();
        let message = Message {
            body: carried.body.with_text(self.content.clone(), Edited { at: context.at, count }),
            mentions: messages::present_mentions(context, &self.actor, &self.mentions),
            ..carried
        };
        let flagged = charge.flagged.as_ref().filter(|_| !reporting::is_flagged(context, seq));
        let flagged = flagged.map(|flagged| (flagged, reporting::snapshot(&message)));
        let mut effect = context.effect();
        previewing::forget(context, &mut effect, seq, head);
        effect
            .row(&seq, edits)
            .row(&(seq, i64::from(count) - 1), Replaced { content: Some(standing), at: context.at })
            .view(MessageRow { conversation: context.id.clone(), message: message.clone().stored() })
            .event(context.id, MessageEdited { message });
        if let Some((flagged, snapshot)) = flagged {
            reporting::flag(context, &mut effect, seq, snapshot, flagged);
        }
        Ok(effect.done())
    }

    /// Done if its charge paid for an edit, also one that later edits replaced. One that was refused has its
    /// answer from the refund.
    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let Some(charge) = past.charge else { return Some(Outcome::refused(super::uncharged())) };
        let edits = past.owner.get::<Edits>(&self.message.seq);
        let is_own = edits.is_some_and(|edits| edits.charges.contains(&charge));
        is_own.then_some(Outcome::Done(Done { changed: true }))
    }
}

/// Refuses a text that no message may have, and an edit that is too late or one too many.
fn check(
    edit: &EditMessage,
    context: &Here<'_>,
    head: &MessageHead,
    edits: Option<&Edits>,
) -> Result<(), Refusal> {
    let limits = &context.policy.limits;
    text::check("content", &edit.content.text, limits.message_characters)?;
    if context.at >= head.at.saturating_add(limits.edit_window_seconds.saturating_mul(1_000)) {
        return Err(Refusal::new(ErrorCode::EditWindowClosed, "the message is too old to be edited"));
    }
    if edits.map_or(0, Edits::count) >= limits.edits_per_message {
        return Err(Refusal::new(ErrorCode::EditLimitReached, "the message was edited too often"));
    }
    Ok(())
}
