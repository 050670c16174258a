//! Reacting: counted here, decided by the conversation.

use fold::{Decision, Purpose};
use schemas::charging::ChargeKind;
use schemas::operations::{AddReaction, React};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Accounts, accepted, charging, usage};
use crate::emoji;
use crate::operation::{Context, NoEffect, Operation, Past};

impl Operation<Accounts> for AddReaction {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![usage::key(usage::REACT)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        emoji::check(&self.emoji)?;
        let mut effect = context.effect();
        usage::count(context, &mut effect, usage::REACT, &context.policy.limits.react)?;
        let charge = charging::uncharged(context, ChargeKind::React, self.conversation.clone());
        let (user, target) = (context.id.clone(), self.target.clone());
        charging::pass(context, &mut effect, charge, React { user, target, emoji: self.emoji.clone() });
        Ok(effect.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(usage::repeated(past, usage::REACT))
    }
}
