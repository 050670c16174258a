//! Posting a message, and telling a repeated send what became of the first.

use schemas::account::ChargeKind;
use schemas::code::Refusal;
use schemas::conversation::{
    ConversationFact, ConversationKind, LookUp, Mentions, Message, MessagePosted, Note, NoteKind,
    PostMessage, ReplyStub, Role,
};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::people::Profile;
use schemas::position::Offset;
use schemas::rows::{ConversationState, Member, MessageHead, Receipt, Sent, Stay};
use schemas::tables::views::{MessageRow, View};
use schemas::verdict::{Outcome, Stored};
use schemas::{ClientId, UserId};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect, block, delete, member, open};
use crate::access;
use crate::fault::{self, Fault};

/// Who posts, whom they name, and the message that is answered.
pub fn needs(post: &PostMessage) -> Vec<RowKey> {
    let people = post.mentions.people.iter().map(|person| RowKey::member(&person.user));
    let parent = post.reply_to.iter().map(|parent| RowKey::message(parent.seq));
    std::iter::once(RowKey::member(&post.sender.user)).chain(people).chain(parent).collect()
}

pub fn decide(context: &Context<'_>, post: &PostMessage) -> Result<Decision<Conversations>, NoEffect> {
    let Some(charge) = context.charge else {
        return Err(Refusal::unavailable("a send reaches a conversation through its account").into());
    };
    let sender = &post.sender.user;
    let sending = member(context.conversation, sender);
    let stay = access::viewing(sending)?;
    if is_direct(context) {
        block::check_sender(context.conversation, sender)?;
    }
    let reply_to = post.reply_to.as_ref().map(|parent| answered(context, stay, parent)).transpose()?;

    let seq = context.conversation.state.head + 1;
    let message = Message {
        seq,
        sent_at: context.at,
        sender: post.sender.clone(),
        client_id: Some(post.client_id.clone()),
        content: Some(post.content.clone()),
        reply_to,
        mentions: mentions(context, sending, &post.mentions),
        note: None,
        recipients: context.conversation.state.members - 1,
        deleted_at: None,
    };
    let sent = Sent { seq, charge: charge.position };
    // Who sends has read everything up to their own message.
    let receipt = Receipt { read_up_to: seq, read_at: context.at };
    let mut decision = Decision {
        state: ConversationState::clone(&context.conversation.state),
        rows: vec![
            (RowKey::sent(sender, &post.client_id), ConversationRow::Sent(sent)),
            (RowKey::receipt(sender), ConversationRow::Receipt(receipt)),
        ],
        views: vec![],
        outputs: vec![],
        verdict: Some(Outcome::Stored(Stored { seq })),
    };
    store(context, &mut decision, Some(sender), message);
    Ok(decision)
}

/// Adds a message that tells of a decision, next in number.
pub fn note(
    context: &Context<'_>,
    decision: &mut Decision<Conversations>,
    actor: &Profile,
    kind: NoteKind,
    targets: Vec<Profile>,
) {
    let message = Message {
        seq: decision.state.head + 1,
        sent_at: context.at,
        sender: actor.clone(),
        client_id: None,
        content: None,
        reply_to: None,
        mentions: Mentions::default(),
        note: Some(Note { kind, targets }),
        recipients: decision.state.members,
        deleted_at: None,
    };
    store(context, decision, None, message);
}

/// Puts a message at the head of its conversation.
fn store(
    context: &Context<'_>,
    decision: &mut Decision<Conversations>,
    sender: Option<&UserId>,
    message: Message,
) {
    decision.state.head = message.seq;
    decision.state.head_at = context.at;
    let head = MessageHead { sender: sender.cloned(), at: context.at, deleted_at: None };
    decision.rows.push((RowKey::message(message.seq), ConversationRow::Message(head)));
    let mut stored = message.clone();
    if let Some(parent) = &mut stored.reply_to {
        parent.content = None;
    }
    decision.views.push(View::Message(MessageRow { conversation: context.id.clone(), message: stored }));
    decision.outputs.push(Output::Event {
        conversation: context.id.clone(),
        at: context.at,
        body: ConversationFact::MessagePosted(MessagePosted { message }),
    });
}

fn is_direct(context: &Context<'_>) -> bool {
    let opened = context.conversation.state.opened.as_ref();
    opened.is_some_and(|opened| opened.kind == ConversationKind::Direct)
}

/// Of those whom ingest found in the text, the ones who are here; everyone only if an owner says so.
fn mentions(context: &Context<'_>, sending: Option<&Member>, asked: &Mentions) -> Mentions {
    let is_here = |person: &&Profile| access::viewing(member(context.conversation, &person.user)).is_ok();
    Mentions {
        people: asked.people.iter().filter(is_here).cloned().collect(),
        all: asked.all && sending.is_some_and(|member| member.role == Role::Owner),
    }
}

/// The message that is answered, if it is in this conversation and the sender may see it. Ingest may
/// have read what it said before it was deleted.
fn answered(context: &Context<'_>, stay: &Stay, parent: &ReplyStub) -> Result<ReplyStub, Refusal> {
    let head = delete::head(context.conversation, parent.seq);
    let head = head.filter(|_| access::sees_message(stay, parent.seq)).ok_or_else(Refusal::not_found)?;
    let content = parent.content.clone().filter(|_| head.deleted_at.is_none());
    Ok(ReplyStub { content, ..parent.clone() })
}

/// The number of a send, if the charge that asks is the one that paid for it.
pub fn stored(
    conversation: &Conversation,
    sender: &UserId,
    id: &ClientId,
    charge: Offset,
) -> Option<Outcome> {
    match conversation.row(&RowKey::sent(sender, id)) {
        Some(ConversationRow::Sent(sent)) if sent.charge == charge || fault::is(Fault::AnyCharge) => {
            Some(Outcome::Stored(Stored { seq: sent.seq }))
        }
        _ => None,
    }
}

/// What became of a first request: its effect, or none yet and maybe never.
pub fn found(conversation: &Conversation, look_up: &LookUp) -> Outcome {
    let found = match look_up.kind {
        ChargeKind::Send => stored(conversation, &look_up.user, &look_up.client_id, look_up.charge),
        ChargeKind::Create => open::opened_by(conversation, &look_up.user, look_up.charge),
    };
    found.unwrap_or_else(|| Outcome::refused(Refusal::unavailable("the first request had no effect")))
}

pub fn look_up(context: &Context<'_>, look_up: &LookUp) -> Decision<Conversations> {
    Decision::verdict(context.conversation, found(context.conversation, look_up))
}
