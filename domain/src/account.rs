//! The account fold: what a user may do and has paid.
//!
//! Invariants: the balance is the sum of the ledger and never negative; a request that is let pass
//! is charged and counted once, and given back whole if its conversation has no use for it.

mod create;
mod credits;
mod give_back;
mod requests;
mod rows;
mod send;

use schemas::account::{AccountCommand, AccountRequest};
use schemas::avro::{self, DecodeError};
use schemas::control::Policy;
use schemas::fold::{Command, Decision, Fold, InForce, Owner, Purpose};
use schemas::owner::{self, RowKey};
use schemas::position::{LogTime, Offset};
use schemas::rows::{AccountState, Once};
use schemas::tables::{self, Table};
use schemas::topics::{self, Topic};
use schemas::verdict::{Accepted, Decider, Outcome};
use schemas::{Refusal, UserId};

pub use create::conversation_id;
pub use rows::AccountRow;

/// Deterministic state machine of accounts; owned by user.
pub enum Accounts {}

type Account = Owner<Accounts>;

/// What a fold of one request works with.
struct Context<'a> {
    user: &'a UserId,
    account: &'a Account,
    policy: &'a Policy,
    offset: Offset,
    at: LogTime,
    reply: Option<schemas::verdict::Reply>,
}

impl Fold for Accounts {
    type Id = UserId;
    type Request = AccountRequest;
    type State = AccountState;
    type Row = AccountRow;

    const NAME: &'static str = "accounts";
    const DECIDER: Decider = Decider::Accounts;
    const LAST_RESIDENT_KIND: i32 = owner::CLIENT_REQUEST;
    const NEVER_NEEDED: &[i32] = &[owner::LEDGER];

    fn commands() -> &'static Topic {
        &topics::ACCOUNT_COMMANDS
    }

    fn table() -> &'static Table {
        &tables::ACCOUNTS
    }

    fn decode(value: &[u8]) -> Result<AccountRequest, DecodeError> {
        avro::decode::<AccountCommand>(value).map(|command| command.body)
    }

    fn fresh() -> AccountState {
        AccountState { applied: -1, at: 0, balance_milli: 0, sends: vec![], creations: vec![], texts: vec![] }
    }

    fn stamp(state: &AccountState) -> (Offset, LogTime) {
        (state.applied, state.at)
    }

    fn set_stamp(state: &mut AccountState, applied: Offset, at: LogTime) {
        (state.applied, state.at) = (applied, at);
    }

    fn needs(request: &AccountRequest, _: Purpose) -> Vec<RowKey> {
        vec![match request {
            AccountRequest::SendMessage(send) => RowKey::client_request(&send.client_id),
            AccountRequest::CreateConversation(create) => RowKey::client_request(&create.client_id),
            AccountRequest::ReturnCharge(back) => RowKey::client_request(&back.charge.client_id),
            AccountRequest::GrantCredits(grant) => RowKey::once(&grant.once),
        }]
    }

    fn once(key: &str, at: LogTime) -> (RowKey, AccountRow) {
        (RowKey::once(key), AccountRow::Once(Once { at }))
    }

    fn decide(
        in_force: &InForce<'_>,
        user: &UserId,
        account: &Account,
        command: &Command<AccountRequest>,
    ) -> Decision<Self> {
        let context = Context {
            user,
            account,
            policy: in_force.policy,
            offset: command.offset,
            at: command.at,
            reply: command.envelope.reply,
        };
        let decided = match &command.request {
            AccountRequest::SendMessage(send) => send::decide(&context, send),
            AccountRequest::CreateConversation(create) => create::decide(&context, create),
            AccountRequest::ReturnCharge(back) => Ok(give_back::decide(&context, back)),
            AccountRequest::GrantCredits(grant) => credits::grant(&context, grant),
        };
        decided.unwrap_or_else(|refusal| Decision::verdict(account, Outcome::refused(refusal)))
    }

    fn repeat(_: &UserId, account: &Account, command: &Command<AccountRequest>) -> Option<Outcome> {
        Some(match &command.request {
            AccountRequest::SendMessage(send) => {
                requests::repeated(account, &send.client_id, send::said(send), command.offset)
            }
            AccountRequest::CreateConversation(create) => {
                requests::repeated(account, &create.client_id, create::said(create), command.offset)
            }
            AccountRequest::ReturnCharge(back) => give_back::outcome(back),
            AccountRequest::GrantCredits(grant) => credits::repeat(account, grant),
        })
    }
}

fn accepted(repeated: bool) -> Outcome {
    Outcome::Accepted(Accepted { repeated })
}

/// The verdict on a refused command whose details were not kept: nothing happened, try again.
fn refused_before() -> Outcome {
    Outcome::refused(Refusal::unavailable("refused before an interruption"))
}
