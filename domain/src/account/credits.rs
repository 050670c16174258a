//! Money: every change of a balance is a ledger entry, and no balance is negative.

use fold::{Decision, Purpose};
use schemas::code::{ErrorCode, Refusal};
use schemas::credits::{CreditsChanged, GrantCredits, LedgerEntry, LedgerKind};
use schemas::rows::{Once, RowKey};
use schemas::verdict::{Done, Outcome};
use schemas::{ClientId, ConversationId};

use super::{Accounts, refused_before};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past};

/// The largest balance, in milli-credits; above it the API's numbers would overflow.
const MAX_BALANCE_MILLI: i64 = 2_000_000_000;

/// The reason of a change of balance.
pub struct Reason<'a> {
    pub kind: LedgerKind,
    pub conversation: Option<&'a ConversationId>,
    pub client_id: Option<&'a ClientId>,
    pub recipients: Option<i32>,
}

/// Changes the balance by `amount_milli`, with its ledger entry and its event, or refuses with what is
/// missing. A change by 0 has no entry.
pub fn change(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    amount_milli: i64,
    reason: &Reason<'_>,
) -> Result<(), Refusal> {
    if amount_milli == 0 {
        return Ok(());
    }
    let before = effect.state().balance_milli;
    let balance = before.saturating_add(amount_milli);
    if balance < 0 {
        return Err(Refusal {
            required_milli: Some(-amount_milli),
            balance_milli: Some(before),
            ..Refusal::new(ErrorCode::InsufficientCredits, "not enough credits")
        });
    }
    effect.state().balance_milli = balance;
    let entry = LedgerEntry {
        kind: reason.kind,
        amount_milli,
        balance_after_milli: balance,
        at: context.at,
        conversation: reason.conversation.cloned(),
        client_id: reason.client_id.cloned(),
        recipients: reason.recipients,
    };
    let changed = CreditsChanged { kind: reason.kind, amount_milli, balance_after_milli: balance };
    effect.row(&context.offset, entry).account_event(context.id, changed);
    Ok(())
}

/// Credits from the platform; a second grant under the same key changes nothing.
impl Operation<Accounts> for GrantCredits {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Once>(&self.once)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if context.row::<Once>(&self.once).is_some() {
            return Err(NoEffect::Nothing);
        }
        let room = MAX_BALANCE_MILLI - context.state().balance_milli;
        if self.amount_milli <= 0 || self.amount_milli > room {
            return Err(
                Refusal::bad_input("amount", "a grant is positive and keeps the balance in bounds").into()
            );
        }
        let mut effect = context.effect();
        effect.row(&self.once, Once { at: context.at });
        let reason =
            Reason { kind: LedgerKind::Grant, conversation: None, client_id: None, recipients: None };
        change(context, &mut effect, self.amount_milli, &reason)?;
        Ok(effect.done())
    }

    /// Credited under its key, by this grant or an earlier one; else refused.
    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(match past.owner.get::<Once>(&self.once) {
            Some(_) => Outcome::Done(Done { changed: true }),
            None => refused_before(),
        })
    }
}
