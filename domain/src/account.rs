//! The account fold: what a user may do and has paid.
//!
//! Invariants: the balance is the sum of the ledger and never negative; an accepted request is charged
//! and counted once, and refunded whole if its conversation refuses it.

mod attaching;
mod blocking;
mod charging;
mod creating;
mod credits;
mod editing;
mod forwarding;
mod idempotency;
pub mod limits;
mod message_requests;
mod notifications;
mod organizing;
mod polling;
mod preferences;
mod privacy;
mod push;
mod reacting;
mod refunding;
mod reporting;
mod scheduling;
mod sending;
mod stickers;
mod suspending;
mod templating;
mod uploading;
mod usage;
mod voice;

use fold::{Command, Decision, Fold, InForce, Owner, Purpose};
use schemas::avro::DecodeError;
use schemas::operations::AccountRequest;
use schemas::position::{LogTime, Offset};
use schemas::rows::{AccountRow, Once, RowKey, Variant};
use schemas::states::AccountState;
use schemas::tables::{self, Table};
use schemas::topics::{self, Topic};
use schemas::verdict::{Accepted, Decider, Outcome};
use schemas::{Refusal, UserId, account_operations};

pub use attaching::{check as check_attachments, embedded as embedded_file};
pub use creating::check as check_creation;
pub use forwarding::{check_targets, first_target};
pub use notifications::check as check_notifications;
pub use organizing::check_labels;
pub use push::check as check_push;
pub use scheduling::check_due;
pub use sending::{check_content, check_gif};
pub use stickers::check_alone as check_sticker;
pub use templating::check as check_template;
pub use uploading::check as check_upload;

use crate::features;
use crate::operation::{Context, NoEffect, Operation, Past, dispatch};

/// Deterministic state machine of accounts; owned by user.
pub enum Accounts {}

type Account = Owner<Accounts>;

impl Fold for Accounts {
    type Id = UserId;
    type Request = AccountRequest;
    type State = AccountState;
    type Row = AccountRow;

    const NAME: &'static str = "accounts";
    const DECIDER: Decider = Decider::Accounts;
    const SOURCE: &'static str = "/musclemap/accounts";
    const LOADED_ROWS: Option<usize> = Some(4_096 + 64);

    fn commands() -> &'static Topic {
        &topics::ACCOUNT_COMMANDS
    }

    fn table() -> &'static Table {
        &tables::ACCOUNTS
    }

    fn decode(value: &[u8], rules: i32) -> Result<AccountRequest, DecodeError> {
        AccountRequest::decode(value, rules)
    }

    fn fresh() -> AccountState {
        AccountState::fresh()
    }

    fn stamp(state: &AccountState) -> (Offset, LogTime) {
        (state.applied, state.at)
    }

    fn set_stamp(state: &mut AccountState, applied: Offset, at: LogTime) {
        (state.applied, state.at) = (applied, at);
    }

    fn needs(request: &AccountRequest, purpose: Purpose) -> Vec<RowKey> {
        account_operations! { dispatch AccountRequest, request, |asked| asked.needs(purpose); }
    }

    fn once(key: &str, at: LogTime) -> (RowKey, AccountRow) {
        (RowKey::of::<Once>(&key.to_owned()), Once { at }.into_row())
    }

    fn decide(
        in_force: &InForce<'_>,
        id: &UserId,
        owner: &Account,
        command: &Command<AccountRequest>,
    ) -> Decision<Self> {
        let Command { envelope, request, .. } = command;
        let context = Context::new(in_force, id, owner, command);
        let decide =
            || account_operations! { dispatch AccountRequest, request, |asked| asked.decide(&context); };
        let check = |flag| features::check(in_force.policy, flag, id, envelope.tier.as_ref());
        let allowed = features::of_account(request).into_iter().try_for_each(check);
        let decided =
            allowed.map_err(NoEffect::from).and_then(|()| decide()).unwrap_or_else(|none| match none {
                NoEffect::Refused(refusal) => Decision::verdict(owner, Outcome::refused(refusal)),
                NoEffect::Nothing => Decision::verdict(owner, Outcome::nothing_to_do()),
            });
        Decision { hits: context.hits.take(), ..decided }
    }

    fn repeat(_: &UserId, owner: &Account, command: &Command<AccountRequest>) -> Option<Outcome> {
        let charge = command.envelope.charge.as_ref().map(|charge| charge.position);
        let past = Past { owner, offset: command.offset, charge };
        account_operations! { dispatch AccountRequest, &command.request, |asked| asked.repeat(&past); }
    }
}

fn accepted(repeated: bool) -> Outcome {
    Outcome::Accepted(Accepted { repeated })
}

/// The verdict on a refused command whose details were not kept: nothing happened, try again.
fn refused_before() -> Outcome {
    Outcome::refused(Refusal::unavailable("refused before an interruption"))
}
