//! Posting a message, and the outcome of a repeated send.

use fold::{Decision, Purpose};
use schemas::blocking::Blocks;
use schemas::charging::{ChargeKind, LookUp};
use schemas::code::Refusal;
use schemas::membership::Member;
use schemas::message::{Body, Mentions, Message, ReplyStub, Text};
use schemas::people::Profile;
use schemas::position::Offset;
use schemas::receipts::Watermarks;
use schemas::record::Output;
use schemas::rows::{Receipt, RowKey, Sent};
use schemas::scheduling::SettleSchedule;
use schemas::sending::PostMessage;
use schemas::verdict::{Outcome, Stored};
use schemas::{ClientId, UserId};

use super::{
    Conversation, Conversations, Here, attaching, blocking, creating, is_direct, message_requests, messages,
    reporting, uncharged,
};
use crate::access;
use crate::effect::Effect;
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
        let sender = &self.sender.user;
        check_sender(context, sender)?;
        let body = Body::Text(Text {
            attachments: self.attachments.clone(),
            sticker: self.sticker.clone(),
            gif: self.gif.clone(),
            forwarded: self.forwarded.clone(),
            ..Text::new(self.content.clone())
        });
        let message = Message {
            reply_to: self.reply_to.as_ref().map(|parent| quoted(context, sender, parent)).transpose()?,
            mentions: messages::present_mentions(context, sender, &self.mentions),
            ..core(context, &self.sender, &self.client_id, body)
        };
        let (mut effect, seq) = store(context, message, &self.client_id, self.shows_reads)?;
        // Others than the sender's own files: of a copy, and of a sticker.
        if self.forwarded.is_some() || self.sticker.is_some() {
            attaching::count(&mut effect, &attaching::references(&self.attachments), true);
        }
        Ok(effect.answered(Outcome::Stored(Stored { seq })))
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        stored_before(past, &self.sender.user, &self.client_id)
    }
}

/// Refuses what no account has charged, and a user who may not send to the conversation now.
pub fn check_sender(context: &Here<'_>, sender: &UserId) -> Result<(), Refusal> {
    if context.envelope.charge.is_none() {
        return Err(uncharged());
    }
    let member = context.row::<Member>(sender);
    access::viewing(member)?;
    access::posting(context.state().opened.as_ref(), member)?;
    if is_direct(context) {
        blocking::check_sender(context.owner, sender)?;
        message_requests::check_stranger(context, sender)?;
    }
    Ok(())
}

/// The core of a new message. It gets number, position and time when it is appended.
pub fn core(context: &Here<'_>, sender: &Profile, client_id: &ClientId, body: Body) -> Message {
    Message {
        seq: 0,
        position: 0,
        sent_at: 0,
        sender: sender.clone(),
        client_id: Some(client_id.clone()),
        reply_to: None,
        mentions: Mentions::default(),
        recipients: context.state().members - 1,
        body,
    }
}

/// Appends the message that a charge has paid for, and gives its number.
pub fn store(
    context: &Here<'_>,
    message: Message,
    client_id: &ClientId,
    shows_reads: bool,
) -> Result<(Effect<Conversations>, i64), Refusal> {
    let charge = context.envelope.charge.as_ref().ok_or_else(uncharged)?;
    let sender = &message.sender.user.clone();
    let mut effect = context.effect();
    let request = context.row::<Member>(sender).filter(|member| member.request.is_some());
    if let Some((member, about)) = request.zip(context.state().opened.as_ref()) {
        message_requests::accept(context, &mut effect, about, sender, member);
    }
    let flagged = charge.flagged.as_ref().map(|flagged| (flagged, reporting::snapshot(&message)));
    let seq = messages::append(context, &mut effect, message);
    if let Some((flagged, snapshot)) = flagged {
        reporting::flag(context, &mut effect, seq, snapshot, flagged);
    }
    // Sending reads up to one's own message.
    let ordinal = effect.state().countable;
    let before = context.row::<Receipt>(sender).filter(|receipt| !receipt.ended);
    let before = before.map_or(Watermarks::default(), |receipt| receipt.marks);
    let marks = before.with_read(seq, context.at, shows_reads);
    let receipt = Receipt { marks, ordinal, ended: false, marked_unread: false };
    if charge.kind == ChargeKind::Scheduled {
        let (user, id) = (charge.user.clone(), client_id.clone());
        let request = SettleSchedule { id, charge: charge.position, seq }.into();
        effect.output(Output::ToAccount { user, request, reply: None });
    }
    let sent = Sent { seq, charge: charge.position };
    effect.row(&(sender.clone(), client_id.clone()), sent).row(sender, receipt);
    Ok((effect, seq))
}

/// The repeated verdict on a send.
pub fn stored_before(past: &Past<'_, Conversations>, sender: &UserId, id: &ClientId) -> Option<Outcome> {
    match past.charge {
        Some(charge) => stored(past.owner, sender, id, charge),
        None => Some(Outcome::refused(uncharged())),
    }
}

pub fn sent_key(sender: &UserId, id: &ClientId) -> RowKey {
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
        ChargeKind::Send | ChargeKind::Scheduled => {
            stored(conversation, &look_up.user, &look_up.client_id, look_up.charge)
        }
        ChargeKind::Create => creating::opened_by(conversation, &look_up.user, look_up.charge),
        // Without a client id nothing is looked up.
        ChargeKind::Edit | ChargeKind::React | ChargeKind::Report => None,
    };
    found.unwrap_or_else(|| Outcome::refused(Refusal::unavailable("the first request had no effect")))
}
