//! Posting a message, and telling a repeated send what became of the first.

use schemas::account::ChargeKind;
use schemas::code::Refusal;
use schemas::conversation::{ConversationFact, LookUp, MessagePosted, PostMessage, ReplyStub};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::position::Offset;
use schemas::rows::{MessageHead, Receipt, Sent, Stay};
use schemas::tables::views::MessageRow;
use schemas::verdict::{Outcome, Stored};
use schemas::{ClientId, UserId};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect, member, open};
use crate::access;
use crate::fault::{self, Fault};

/// Who posts, and the message that is answered.
pub fn needs(post: &PostMessage) -> Vec<RowKey> {
    let sender = RowKey::member(&post.sender.user);
    std::iter::once(sender).chain(post.reply_to.iter().map(|parent| RowKey::message(parent.seq))).collect()
}

pub fn decide(context: &Context<'_>, post: &PostMessage) -> Result<Decision<Conversations>, NoEffect> {
    let Some(charge) = context.charge else {
        return Err(Refusal::unavailable("a send reaches a conversation through its account").into());
    };
    let sender = &post.sender.user;
    let stay = access::viewing(member(context.conversation, sender))?;
    let reply_to = post.reply_to.as_ref().map(|parent| answered(context, stay, parent)).transpose()?;

    let mut state = context.conversation.state.clone();
    state.head += 1;
    state.head_at = context.at;
    let seq = state.head;
    let recipients = state.members - 1;
    let sent = Sent { seq, charge: charge.position };
    let head = MessageHead { sender: sender.clone(), at: context.at };
    // Who sends has read everything up to their own message.
    let receipt = Receipt { read_up_to: seq, read_at: context.at };
    let rows = vec![
        (RowKey::sent(sender, &post.client_id), ConversationRow::Sent(sent)),
        (RowKey::message(seq), ConversationRow::Message(head)),
        (RowKey::receipt(sender), ConversationRow::Receipt(receipt)),
    ];
    let view = MessageRow {
        conversation: context.id.clone(),
        seq,
        at: context.at,
        sender: post.sender.clone(),
        client_id: post.client_id.clone(),
        content: post.content.clone(),
        reply_to: reply_to.as_ref().map(|parent| parent.seq),
        recipients,
    };
    let posted = MessagePosted {
        seq,
        sender: post.sender.clone(),
        client_id: post.client_id.clone(),
        content: post.content.clone(),
        reply_to,
        recipients,
    };
    Ok(Decision {
        state,
        rows,
        views: vec![view.to_row()],
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::MessagePosted(posted),
        }],
        verdict: Some(Outcome::Stored(Stored { seq })),
    })
}

/// The message that is answered, if it is in this conversation and the sender may see it.
fn answered(context: &Context<'_>, stay: &Stay, parent: &ReplyStub) -> Result<ReplyStub, Refusal> {
    let exists = context.conversation.row(&RowKey::message(parent.seq)).is_some();
    if exists && access::sees_message(stay, parent.seq) {
        Ok(parent.clone())
    } else {
        Err(Refusal::not_found())
    }
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
