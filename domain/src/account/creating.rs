//! Creating a conversation: counted here, opened by the conversation.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::charging::{ChargeKind, ClientRequest};
use schemas::code::Refusal;
use schemas::creating::{ConversationKind, CreateConversation, OpenConversation};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Accounts, accepted, charging, idempotency, suspending};
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{moderation, text, window};

impl Operation<Accounts> for CreateConversation {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<ClientRequest>(&self.client_id)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let hash = request_hash(self);
        if let Some(repeat) = idempotency::follow_first(context, &self.client_id, hash)? {
            return Ok(repeat);
        }
        suspending::check(context)?;
        check(context.id, self)?;
        if let Some(title) = &self.title {
            moderation::check(context, "title", title, 0)?;
        }
        let limit = &context.policy.limits.create_conversation;
        let account = context.state();
        window::check(account.creations.iter().copied(), context.at, limit)
            .map_err(|full| full.refusal("create_conversation", limit))?;
        let open = OpenConversation {
            kind: self.kind,
            creator: context.id.clone(),
            participants: self.participants.clone(),
            requests: self.requests.clone(),
            title: self.title.clone(),
        };
        let mut effect = context.effect();
        effect.state().creations = window::with(&account.creations, context.at, limit);
        let conversation = self.conversation.clone();
        let charge = charging::charge(context, &self.client_id, ChargeKind::Create, conversation, 0);
        charging::pass_on(context, &mut effect, charge, hash, open);
        Ok(effect.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(idempotency::repeated(past, &self.client_id, request_hash(self)))
    }
}

/// Hash of what the client said.
fn request_hash(create: &CreateConversation) -> i64 {
    let people: Vec<&str> = create.participants.iter().map(UserId::as_str).collect();
    let title = create.title.as_deref().unwrap_or_default();
    text::hash(format!("create\0{}\0{}\0{title}", create.kind.as_str(), people.join(",")).as_bytes())
}

/// Refuses what no conversation is created by.
pub fn check(creator: &UserId, create: &CreateConversation) -> Result<(), Refusal> {
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
    create.title.as_deref().map_or(Ok(()), |title| text::check("title", title, text::TITLE_CHARACTERS))
}
