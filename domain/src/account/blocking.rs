//! Whom the user blocks, as conversations tell it: the user's own devices learn of it.
//!
//! Invariant: the blocks themselves are rows of conversations; the account keeps none.

use fold::{Decision, Purpose};
use schemas::blocking::{BlockedUsersChanged, NoteBlock};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};

impl Operation<Accounts> for NoteBlock {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut effect = context.effect();
        let changed = BlockedUsersChanged { other: self.other.clone(), blocked: self.blocked };
        effect.account_event(context.id, changed);
        Ok(effect.done())
    }

    fn repeat(&self, _: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(true)
    }
}
