//! Refunding a charge: the conversation refused, or had nothing to do.
//!
//! Invariant: a charge is refunded at most once, because watermarks drop a repeated refund.

use fold::{Decision, Purpose};
use schemas::charging::{Charge, ChargeKind, ClientRequest, Refund};
use schemas::credits::LedgerKind;
use schemas::rows::RowKey;
use schemas::sending::SendRejected;
use schemas::states::TextMark;
use schemas::verdict::Outcome;

use super::credits::{self, Reason};
use super::{Accounts, attaching, idempotency, scheduling, templating, usage};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{text, window};

impl Operation<Accounts> for Refund {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let remembered = self.charge.client_id.iter().map(RowKey::of::<ClientRequest>);
        let counted = usage::of_charge(self.charge.kind).map(usage::key);
        let scheduled = scheduling::of_charge(&self.charge);
        let template = templating::row(self.charge.template.as_ref());
        let files = attaching::rows(&self.charge.attachments);
        remembered.chain(counted).chain(scheduled).chain(files).chain(template).collect()
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let charge = &self.charge;
        let mut effect = context.effect();
        uncount(context, &mut effect, charge);
        if let Some(id) = &charge.client_id
            && let Some(forgotten) = idempotency::forget(context.owner, id, charge.position)
        {
            effect.row(id, forgotten);
        }
        attaching::count(context, &mut effect, &charge.attachments, -1);
        templating::count(context, &mut effect, charge.template.as_ref(), -1);
        let reason = Reason {
            kind: LedgerKind::Refund,
            conversation: Some(&charge.conversation),
            client_id: charge.client_id.as_ref(),
            recipients: None,
        };
        credits::change(context, &mut effect, charge.price_milli.max(0), &reason)?;
        scheduling::fail(context, &mut effect, charge, self.refusal.as_deref());
        if let (ChargeKind::Send, Some(id), Some(refusal)) = (charge.kind, &charge.client_id, &self.refusal) {
            let rejected = SendRejected {
                client_id: id.clone(),
                conversation: charge.conversation.clone(),
                refusal: (**refusal).clone(),
            };
            effect.account_event(context.id, rejected);
        }
        Ok(effect.answered(outcome(self)))
    }

    fn repeat(&self, _: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(outcome(self))
    }
}

/// The verdict for the client: the refusal, or that there was nothing to do.
fn outcome(refund: &Refund) -> Outcome {
    match &refund.refusal {
        Some(refusal) => Outcome::refused((**refusal).clone()),
        None => Outcome::nothing_to_do(),
    }
}

/// Takes the request out of the windows, if it still counts there.
fn uncount(context: &Context<'_, Accounts>, effect: &mut Effect<Accounts>, charge: &Charge) {
    if let Some(name) = usage::of_charge(charge.kind) {
        usage::take_back(context.owner, effect, name, charge.position);
    }
    match charge.kind {
        ChargeKind::Send | ChargeKind::Scheduled => {
            let state = effect.state();
            window::take_back(&mut state.sends, charge.at);
            let conversation = text::hash(charge.conversation.as_str().as_bytes());
            let sent = |mark: &TextMark| mark.at == charge.at && mark.conversation == conversation;
            if let Some(found) = state.texts.iter().position(sent) {
                state.texts.remove(found);
            }
        }
        ChargeKind::Create => window::take_back(&mut effect.state().creations, charge.at),
        ChargeKind::Edit | ChargeKind::React | ChargeKind::Report => {}
    }
}
