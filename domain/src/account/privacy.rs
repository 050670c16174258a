//! Privacy settings of the user.

use fold::{Decision, Purpose};
use schemas::privacy::{Privacy, PrivacyChanged, UpdatePrivacy};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};

impl Operation<Accounts> for UpdatePrivacy {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = context.state().privacy;
        let privacy = apply(self, before);
        if privacy == before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.state().privacy = privacy;
        effect.account_event(context.id, PrivacyChanged { privacy });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.state.privacy;
        holds(apply(self, stands) == stands)
    }
}

fn apply(asked: &UpdatePrivacy, before: Privacy) -> Privacy {
    Privacy {
        who_can_message_me: asked.who_can_message_me.unwrap_or(before.who_can_message_me),
        show_online_status: asked.show_online_status.unwrap_or(before.show_online_status),
        show_read_receipts: asked.show_read_receipts.unwrap_or(before.show_read_receipts),
        show_typing_indicator: asked.show_typing_indicator.unwrap_or(before.show_typing_indicator),
        allow_message_requests: asked.allow_message_requests.unwrap_or(before.allow_message_requests),
        appear_offline: asked.appear_offline.unwrap_or(before.appear_offline),
    }
}
