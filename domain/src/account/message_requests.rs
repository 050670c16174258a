//! Open requests to the user: bounded, the oldest go.
//!
//! Invariant: the row names the conversations in which a request to the user is open, once everything on its way
//! has arrived.

use fold::{Decision, Purpose};
use schemas::ConversationId;
use schemas::message_requests::{DeclineRequest, NoteRequest, OpenRequests, SettleRequest};
use schemas::record::Output;
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Account, Accounts};
use crate::operation::{Context, NoEffect, Operation, Past, holds};

fn open(context: &Context<'_, Accounts>) -> Vec<ConversationId> {
    context.row::<OpenRequests>(&()).map(|open| open.conversations.clone()).unwrap_or_default()
}

fn is_open(account: &Account, conversation: &ConversationId) -> bool {
    account.get::<OpenRequests>(&()).is_some_and(|open| open.conversations.contains(conversation))
}

impl Operation<Accounts> for NoteRequest {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<OpenRequests>(&())]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut conversations = open(context);
        if conversations.contains(&self.conversation) {
            return Err(NoEffect::Nothing);
        }
        conversations.push(self.conversation.clone());
        let surplus = conversations.len().saturating_sub(OpenRequests::MOST);
        let mut effect = context.effect();
        for conversation in conversations.drain(..surplus) {
            let request = DeclineRequest { user: context.id.clone() }.into();
            effect.output(Output::ToConversation { conversation, request, reply: None, charge: None });
        }
        effect.row(&(), OpenRequests { conversations });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(is_open(past.owner, &self.conversation))
    }
}

impl Operation<Accounts> for SettleRequest {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<OpenRequests>(&())]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut conversations = open(context);
        let before = conversations.len();
        conversations.retain(|other| *other != self.conversation);
        if conversations.len() == before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.row(&(), OpenRequests { conversations });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(!is_open(past.owner, &self.conversation))
    }
}
