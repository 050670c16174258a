//! Refunding a charge: the conversation refused, or had nothing to do.
//!
//! Invariant: a charge is refunded at most once, because watermarks drop a repeated refund.

use fold::{Decision, Purpose};
use schemas::charging::{Charge, ChargeKind, ClientRequest, Refund};
use schemas::credits::LedgerKind;
use schemas::rows::RowKey;
use schemas::sending::SendRejected;
use schemas::states::{AccountState, TextMark};
use schemas::verdict::Outcome;

use super::credits::{self, Reason};
use super::{Accounts, idempotency};
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{text, window};

impl Operation<Accounts> for Refund {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<ClientRequest>(&self.charge.client_id)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let charge = &self.charge;
        let mut effect = context.effect();
        uncount(effect.state(), charge);
        if let Some(forgotten) = idempotency::forget(context.owner, &charge.client_id, charge.position) {
            effect.row(&charge.client_id, forgotten);
        }
        let reason = Reason {
            kind: LedgerKind::Refund,
            conversation: Some(&charge.conversation),
            client_id: Some(&charge.client_id),
            recipients: None,
        };
        credits::change(context, &mut effect, charge.price_milli.max(0), &reason)?;
        if let (ChargeKind::Send, Some(refusal)) = (charge.kind, &self.refusal) {
            let rejected = SendRejected {
                client_id: charge.client_id.clone(),
                conversation: charge.conversation.clone(),
                refusal: refusal.clone(),
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
        Some(refusal) => Outcome::refused(refusal.clone()),
        None => Outcome::nothing_to_do(),
    }
}

/// Takes the request out of the windows, if it still counts there.
fn uncount(state: &mut AccountState, charge: &Charge) {
    match charge.kind {
        ChargeKind::Send => {
            window::take_back(&mut state.sends, charge.at);
            let conversation = text::hash(charge.conversation.as_str().as_bytes());
            let sent = |mark: &TextMark| mark.at == charge.at && mark.conversation == conversation;
            if let Some(found) = state.texts.iter().position(sent) {
                state.texts.remove(found);
            }
        }
        ChargeKind::Create => window::take_back(&mut state.creations, charge.at),
    }
}
