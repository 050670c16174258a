//! Posting a message, and the outcome of a repeated send.

use fold::{Decision, Purpose};
use schemas::blocking::Blocks;
use schemas::charging::{ChargeKind, LookUp};
use schemas::code::Refusal;
use schemas::membership::Member;
use schemas::message::{Body, Message, ReplyStub, Text};
use schemas::position::Offset;
use schemas::receipts::Watermarks;
use schemas::rows::{Receipt, RowKey, Sent};
use schemas::sending::PostMessage;
use schemas::verdict::{Outcome, Stored};
use schemas::{ClientId, UserId};

use super::{
    Conversation, Conversations, Here, attaching, blocking, creating, is_direct, message_requests, messages,
    uncharged,
};
use crate::access;
use crate::fault::{self, Fault};
use crate::operation::{NoEffect, Operation, Past};

impl Operation<Conversations> for PostMessage {
    /// A new send reads no row of its own id: its account has decided that it is the first.
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Repeat => vec![sent_key(&self.sender.user, &self.client_id)],
            Purpose::Decide => {
                let people = self.mentions.people.iter().map(|person| RowKey::of::<Member>(&person.user));
                let sender = &self.sender.user;
                let parent = self.reply_to.iter();
                let parent = parent.flat_map(|stub| messages::sight_of(sender, stub.seq, &stub.sender.user));
                let own = [
                    RowKey::of::<Member>(sender),
                    RowKey::of::<Receipt>(sender),
                    RowKey::of::<Blocks>(sender),
                ];
                own.into_iter().chain(people).chain(parent).collect()
            }
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Some(charge) = &context.envelope.charge else { return Err(uncharged().into()) };
        let sender = &self.sender.user;
        let member = context.row::<Member>(sender);
        access::viewing(member)?;
        access::posting(context.state().opened.as_ref(), member)?;
        if is_direct(context) {
            blocking::check_sender(context.owner, sender)?;
            message_requests::check_stranger(context, sender)?;
        }
        let message = Message {
            seq: 0,
            position: 0,
            sent_at: 0,
            sender: self.sender.clone(),
            client_id: Some(self.client_id.clone()),
            reply_to: self.reply_to.as_ref().map(|parent| quoted(context, sender, parent)).transpose()?,
            mentions: messages::present_mentions(context, sender, &self.mentions),
            recipients: context.state().members - 1,
            body: Body::Text(Text {
                attachments: self.attachments.clone(),
                forwarded: self.forwarded.clone(),
                ..Text::new(self.content.clone())
            }),
        };
        let mut effect = context.effect();
        let request = member.filter(|member| member.request.is_some());
        if let Some((member, about)) = request.zip(context.state().opened.as_ref()) {
            message_requests::accept(context, &mut effect, about, sender, member);
        }
        let seq = messages::append(context, &mut effect, message);
        if self.forwarded.is_some() {
            attaching::count(&mut effect, &attaching::references(&self.attachments), true);
        }
        // Sending reads up to one's own message.
        let ordinal = effect.state().countable;
        let before = context.row::<Receipt>(sender).filter(|receipt| !receipt.ended);
        let before = before.map_or(Watermarks::default(), |receipt| receipt.marks);
        let marks = before.with_read(seq, context.at, self.shows_reads);
        let receipt = Receipt { marks, ordinal, ended: false, marked_unread: false };
        let sent = Sent { seq, charge: charge.position };
        effect.row(&(sender.clone(), self.client_id.clone()), sent).row(sender, receipt);
        Ok(effect.answered(Outcome::Stored(Stored { seq })))
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        match past.charge {
            Some(charge) => stored(past.owner, &self.sender.user, &self.client_id, charge),
            None => Some(Outcome::refused(super::uncharged())),
        }
    }
}

fn sent_key(sender: &UserId, id: &ClientId) -> RowKey {
    RowKey::of::<Sent>(&(sender.clone(), id.clone()))
}

/// The parent of a reply, if the sender sees it. Ingest may have read it before it was deleted.
fn quoted(context: &Here<'_>, sender: &UserId, parent: &ReplyStub) -> Result<Box<ReplyStub>, Refusal> {
    let head = messages::visible(context, sender, parent.seq, &parent.sender.user)?;
    if head.removed_at.is_some() {
        return Ok(Box::new(parent.clone().without_content()));
    }
    Ok(Box::new(parent.clone()))
}

/// The number of a send, if the charge that asks is the one that paid for it.
fn stored(conversation: &Conversation, sender: &UserId, id: &ClientId, charge: Offset) -> Option<Outcome> {
    let sent = conversation.get::<Sent>(&(sender.clone(), id.clone()))?;
    (sent.charge == charge || fault::is(Fault::AnyCharge))
        .then_some(Outcome::Stored(Stored { seq: sent.seq }))
}

impl Operation<Conversations> for LookUp {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![sent_key(&self.user, &self.client_id)]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        Ok(Decision::verdict(context.owner, first_outcome(context.owner, self)))
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        Some(first_outcome(past.owner, self))
    }
}

/// The outcome of a first request: its effect, or none yet and maybe never.
fn first_outcome(conversation: &Conversation, look_up: &LookUp) -> Outcome {
    // An edit has no client id that could be looked up.
    let found = match look_up.kind {
        ChargeKind::Send => stored(conversation, &look_up.user, &look_up.client_id, look_up.charge),
        ChargeKind::Create => creating::opened_by(conversation, &look_up.user, look_up.charge),
        // Without a client id nothing is looked up.
        ChargeKind::Edit | ChargeKind::React => None,
    };
    found.unwrap_or_else(|| Outcome::refused(Refusal::unavailable("the first request had no effect")))
}
