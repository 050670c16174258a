//! Money: every change of a balance is a ledger entry, and no balance is negative.

use schemas::account::{AccountFact, CreditsChanged, GrantCredits, LedgerKind};
use schemas::code::{ErrorCode, Refusal};
use schemas::fold::Decision;
use schemas::fold::Fold;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::rows::{AccountState, LedgerEntry};
use schemas::verdict::{Done, Outcome};
use schemas::{ClientId, ConversationId};

use super::{Account, AccountRow, Accounts, Context, refused_before};

/// The largest balance, in milli-credits; above it the API's numbers would overflow.
const MAX_BALANCE_MILLI: i64 = 2_000_000_000;

/// What a change of the balance is for.
pub struct Cause<'a> {
    pub kind: LedgerKind,
    pub conversation: Option<&'a ConversationId>,
    pub client_id: Option<&'a ClientId>,
    pub recipients: Option<i32>,
}

/// A change that is made: its row and its event. Nothing for a change by nothing.
pub type Entry = Option<((RowKey, AccountRow), Output)>;

/// Moves the balance by `amount_milli`, or says what is missing.
pub fn change(
    context: &Context<'_>,
    state: &mut AccountState,
    amount_milli: i64,
    cause: &Cause<'_>,
) -> Result<Entry, Refusal> {
    if amount_milli == 0 {
        return Ok(None);
    }
    let balance = state.balance_milli + amount_milli;
    if balance < 0 {
        return Err(Refusal {
            required_milli: Some(-amount_milli),
            balance_milli: Some(state.balance_milli),
            ..Refusal::new(ErrorCode::InsufficientCredits, "not enough credits")
        });
    }
    state.balance_milli = balance;
    let row = LedgerEntry {
        kind: cause.kind,
        amount_milli,
        balance_after_milli: balance,
        at: context.at,
        conversation: cause.conversation.cloned(),
        client_id: cause.client_id.cloned(),
        recipients: cause.recipients,
    };
    let changed = CreditsChanged { kind: cause.kind, amount_milli, balance_after_milli: balance };
    let event = Output::AccountEvent {
        user: context.user.clone(),
        at: context.at,
        body: AccountFact::CreditsChanged(changed),
    };
    Ok(Some(((RowKey::ledger(context.offset), AccountRow::Ledger(row)), event)))
}

/// Puts a change beside a decision's other rows and outputs.
pub fn note(entry: Entry, rows: &mut Vec<(RowKey, AccountRow)>, outputs: &mut Vec<Output>) {
    if let Some((row, event)) = entry {
        rows.push(row);
        outputs.push(event);
    }
}

/// Credits from the platform; a second grant under the same key changes nothing.
pub fn grant(context: &Context<'_>, grant: &GrantCredits) -> Result<Decision<Accounts>, Refusal> {
    let once = RowKey::once(&grant.once);
    if context.account.row(&once).is_some() {
        return Ok(Decision::verdict(context.account, Outcome::Done(Done { changed: false })));
    }
    let mut state = AccountState::clone(&context.account.state);
    if grant.amount_milli <= 0 || grant.amount_milli > MAX_BALANCE_MILLI - state.balance_milli {
        return Err(Refusal::bad_input("amount", "a grant is positive and keeps the balance in bounds"));
    }
    let cause = Cause { kind: LedgerKind::Grant, conversation: None, client_id: None, recipients: None };
    let entry = change(context, &mut state, grant.amount_milli, &cause)?;
    let mut rows = vec![Accounts::once(&grant.once, context.at)];
    let mut outputs = vec![];
    note(entry, &mut rows, &mut outputs);
    let verdict = Some(Outcome::Done(Done { changed: true }));
    Ok(Decision { state, rows, views: vec![], outputs, verdict })
}

/// The verdict on a grant decided before: credited under its key, be it by an earlier grant, or refused.
pub fn repeat(account: &Account, grant: &GrantCredits) -> Outcome {
    match account.row(&RowKey::once(&grant.once)) {
        Some(_) => Outcome::Done(Done { changed: true }),
        None => refused_before(),
    }
}
