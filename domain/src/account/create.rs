//! Creating a conversation: counted here, opened by the conversation.

use schemas::account::{Charge, ChargeKind, CreateConversation};
use schemas::code::Refusal;
use schemas::conversation::{ConversationKind, ConversationRequest, OpenConversation};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::rows::AccountState;
use schemas::{ConversationId, UserId};

use super::{Accounts, Context, accepted, requests};
use crate::{text, window};

/// Longest title, in Unicode scalar values.
const TITLE_CHARACTERS: i32 = 100;

/// Hash of what the client said.
pub fn said(create: &CreateConversation) -> i64 {
    let people: Vec<&str> = create.participants.iter().map(UserId::as_str).collect();
    let title = create.title.as_deref().unwrap_or_default();
    text::hash(format!("create\0{}\0{}\0{title}", create.kind.as_str(), people.join(",")).as_bytes())
}

/// The id of what a creator asks for.
pub fn conversation_id(creator: &UserId, create: &CreateConversation) -> ConversationId {
    match create.kind {
        ConversationKind::Direct => {
            ConversationId::direct(creator, create.participants.first().unwrap_or(creator))
        }
        ConversationKind::Group => ConversationId::created(creator, &create.client_id),
    }
}

pub fn decide(context: &Context<'_>, create: &CreateConversation) -> Result<Decision<Accounts>, Refusal> {
    let said = said(create);
    if let Some(repeat) = requests::follow_first(context, &create.client_id, said)? {
        return Ok(repeat);
    }
    check(context.user, create)?;
    let limit = &context.policy.limits.create_conversation;
    let account = &*context.account.state;
    window::check(account.creations.iter().copied(), context.at, limit)
        .map_err(|full| full.refusal("create_conversation", limit))?;
    let creations = window::with(&account.creations, context.at, limit);
    let state = AccountState { creations, ..account.clone() };

    let conversation = conversation_id(context.user, create);
    let charge = Charge {
        user: context.user.clone(),
        client_id: create.client_id.clone(),
        kind: ChargeKind::Create,
        conversation: conversation.clone(),
        position: context.offset,
        at: context.at,
        price_milli: 0,
    };
    let open = OpenConversation {
        kind: create.kind,
        creator: context.user.clone(),
        participants: create.participants.clone(),
        title: create.title.clone(),
    };
    let rows = vec![requests::remember(context, &create.client_id, said, ChargeKind::Create, &conversation)];
    let outputs = vec![Output::ToConversation {
        conversation,
        body: ConversationRequest::OpenConversation(open),
        reply: context.reply,
        charge: Some(charge),
    }];
    Ok(Decision { state, rows, views: vec![], outputs, verdict: Some(accepted(false)) })
}

fn check(creator: &UserId, create: &CreateConversation) -> Result<(), Refusal> {
    let others = &create.participants;
    if others.contains(creator) || !others.is_sorted_by(|a, b| a < b) {
        return Err(Refusal::bad_input("participantIds", "each participant is named once"));
    }
    if create.kind == ConversationKind::Direct && others.len() > 1 {
        return Err(Refusal::bad_input("participantIds", "a direct conversation has one other participant"));
    }
    if create.kind == ConversationKind::Direct && create.title.is_some() {
        return Err(Refusal::bad_input("title", "a direct conversation has no title"));
    }
    if create.title.as_deref().is_some_and(|title| text::length(title) > TITLE_CHARACTERS) {
        return Err(Refusal::bad_input("title", "the title is too long"));
    }
    Ok(())
}
