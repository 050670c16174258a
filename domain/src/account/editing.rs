//! Editing a message: counted here, decided by the conversation.

use fold::{Decision, Purpose};
use schemas::charging::ChargeKind;
use schemas::code::{ErrorCode, Refusal};
use schemas::editing::SubmitEdit;
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Accounts, accepted, charging, suspending, usage};
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{moderation, text};

impl Operation<Accounts> for SubmitEdit {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![usage::key(usage::EDIT)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if self.edit.actor != *context.id {
            return Err(Refusal::new(ErrorCode::Forbidden, "an edit is counted for its actor").into());
        }
        suspending::check(context)?;
        let limits = &context.policy.limits;
        let text = &self.edit.content.text;
        text::check("content", text, limits.message_characters)?;
        moderation::check(context, "content", text, self.edit.mentions.people.len())?;
        let mut effect = context.effect();
        usage::count(context, &mut effect, usage::EDIT, &limits.edit)?;
        let charge = charging::uncharged(context, ChargeKind::Edit, self.conversation.clone());
        charging::pass(context, &mut effect, charge, self.edit.clone());
        Ok(effect.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(usage::repeated(past, usage::EDIT))
    }
}
