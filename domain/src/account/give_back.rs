//! Giving a charge back: the conversation refused, or had nothing to do.
//!
//! Invariant: a charge comes back at most once, because the log counts the command that says so.

use schemas::account::{AccountFact, ChargeKind, LedgerKind, ReturnCharge, SendRejected};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::rows::AccountState;
use schemas::verdict::{Done, Outcome};

use super::credits::{self, Cause};
use super::{Accounts, Context, requests};
use crate::{text, window};

/// What the client is told: the refusal, or that there was nothing to do.
pub fn outcome(back: &ReturnCharge) -> Outcome {
    match &back.refusal {
        Some(refusal) => Outcome::refused(refusal.clone()),
        None => Outcome::Done(Done { changed: false }),
    }
}

pub fn decide(context: &Context<'_>, back: &ReturnCharge) -> Decision<Accounts> {
    let charge = &back.charge;
    let mut state = AccountState::clone(&context.account.state);
    uncount(&mut state, back);
    let cause = Cause {
        kind: LedgerKind::Refund,
        conversation: Some(&charge.conversation),
        client_id: Some(&charge.client_id),
        recipients: None,
    };
    // Giving back cannot leave a balance negative, so this never refuses.
    let entry = credits::change(context, &mut state, charge.price_milli.max(0), &cause).unwrap_or(None);

    let mut rows = vec![];
    let mut outputs = vec![];
    rows.extend(requests::forget(context.account, &charge.client_id, charge.position));
    credits::note(entry, &mut rows, &mut outputs);
    if let (ChargeKind::Send, Some(refusal)) = (charge.kind, &back.refusal) {
        outputs.push(Output::AccountEvent {
            user: context.user.clone(),
            at: context.at,
            body: AccountFact::SendRejected(SendRejected {
                client_id: charge.client_id.clone(),
                conversation: charge.conversation.clone(),
                refusal: refusal.clone(),
            }),
        });
    }
    Decision { state, rows, views: vec![], outputs, verdict: Some(outcome(back)) }
}

/// Takes the request out of the windows, if it still counts there.
fn uncount(state: &mut AccountState, back: &ReturnCharge) {
    let charge = &back.charge;
    match charge.kind {
        ChargeKind::Send => {
            window::take_back(&mut state.sends, charge.at);
            let conversation = text::hash(charge.conversation.as_str().as_bytes());
            let sent =
                |mark: &schemas::rows::TextMark| mark.at == charge.at && mark.conversation == conversation;
            if let Some(found) = state.texts.iter().position(sent) {
                state.texts.remove(found);
            }
        }
        ChargeKind::Create => window::take_back(&mut state.creations, charge.at),
    }
}
