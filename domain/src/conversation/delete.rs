//! Deleting a message: what it said goes, a stub stays.

use schemas::code::{ErrorCode, Refusal};
use schemas::conversation::{ConversationFact, DeleteMessage, Message, MessageDeleted, Role};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::rows::{ConversationState, MessageHead};
use schemas::tables::views::{MessageRow, View};
use schemas::verdict::{Done, Outcome};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect, member};
use crate::access;

pub fn needs(delete: &DeleteMessage) -> Vec<RowKey> {
    vec![RowKey::member(&delete.actor), RowKey::message(delete.message.seq)]
}

pub fn decide(context: &Context<'_>, delete: &DeleteMessage) -> Result<Decision<Conversations>, NoEffect> {
    let (actor, seq) = (&delete.actor, delete.message.seq);
    let acting = member(context.conversation, actor);
    let stay = access::viewing(acting)?;
    let head = head(context.conversation, seq).filter(|_| access::sees_message(stay, seq));
    let head = head.ok_or_else(Refusal::not_found)?;
    let is_owner = acting.is_some_and(|member| member.role == Role::Owner);
    match &head.sender {
        Some(sender) if sender == actor || is_owner => {}
        _ => return Err(Refusal::new(ErrorCode::Forbidden, "only who sent it, or an owner").into()),
    }
    if head.deleted_at.is_some() {
        return Err(NoEffect(None));
    }
    let stub = Message::clone(&delete.message).deleted(context.at);
    let head = MessageHead { deleted_at: Some(context.at), ..head.clone() };
    let view = MessageRow { conversation: context.id.clone(), message: stub.clone() };
    Ok(Decision {
        state: ConversationState::clone(&context.conversation.state),
        rows: vec![(RowKey::message(seq), ConversationRow::Message(head))],
        views: vec![View::Message(view)],
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::MessageDeleted(MessageDeleted { message: stub, by: actor.clone() }),
        }],
        verdict: Some(Outcome::Done(Done { changed: true })),
    })
}

pub fn is_deleted(conversation: &Conversation, seq: i64) -> bool {
    head(conversation, seq).is_some_and(|head| head.deleted_at.is_some())
}

pub fn head(conversation: &Conversation, seq: i64) -> Option<&MessageHead> {
    match conversation.row(&RowKey::message(seq)) {
        Some(ConversationRow::Message(head)) => Some(head),
        _ => None,
    }
}
