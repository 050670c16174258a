//! A fold small enough to see through: it adds numbers up, and breaks when asked to.

use fold::{Command, Decision, Fold, InForce, Owner, Purpose, StoredRow};
use schemas::avro::{self, DecodeError};
use schemas::credits::{CreditsChanged, LedgerKind};
use schemas::membership::{Member, Role};
use schemas::position::{LogTime, Offset};
use schemas::receipts::Watermarks;
use schemas::record::Output;
use schemas::rows::{ClientRequest, Keyed, LedgerEntry, Once, Residence, RowKey};
use schemas::sending::SendRejected;
use schemas::states::AccountState;
use schemas::tables::views::{MembershipRow, View};
use schemas::tables::{self, Table};
use schemas::topics::{self, Topic};
use schemas::verdict::{Decider, Done, Outcome, Stored};
use schemas::{ClientId, ConversationKey, ErrorCode, Refusal, UserId};

/// As a build runs it whose newest rules are `KNOWN`.
pub enum Tally<const KNOWN: i32> {}

/// The rules from which on "thrice" counts.
const THRICE_SINCE: i32 = 2;
/// The schema id that "thrice" would have.
const THRICE_ID: u32 = 999;

/// One word and a number, as they stand in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    word: String,
    number: i64,
}

/// When something was added, by the offset that added it; read by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added(Once);

impl StoredRow for Added {
    fn encode(&self) -> Vec<u8> {
        avro::encode(&self.0)
    }

    fn decode(_: i32, bytes: &[u8]) -> Result<Self, DecodeError> {
        avro::decode(bytes).map(Self)
    }

    fn seconds_to_live(&self) -> Option<u64> {
        Some(60)
    }

    fn residence(kind: i32) -> Option<Residence> {
        match kind {
            ClientRequest::KIND => Some(Residence::Resident),
            LedgerEntry::KIND | Once::KIND => Some(Residence::Keyed),
            _ => None,
        }
    }
}

pub fn added(offset: Offset) -> RowKey {
    RowKey::of::<LedgerEntry>(&offset)
}

impl<const KNOWN: i32> Fold for Tally<KNOWN> {
    type Id = UserId;
    type Request = Request;
    type State = AccountState;
    type Row = Added;

    const NAME: &'static str = "tally";
    const DECIDER: Decider = Decider::Accounts;
    const SOURCE: &'static str = "/tally";
    const LOADED_ROWS: Option<usize> = None;
    const RULES: i32 = KNOWN;

    fn commands() -> &'static Topic {
        &topics::ACCOUNT_COMMANDS
    }

    fn table() -> &'static Table {
        &tables::ACCOUNTS
    }

    fn decode(value: &[u8], rules: i32) -> Result<Request, DecodeError> {
        let malformed = || DecodeError::Malformed("no word and number".to_owned());
        let text = std::str::from_utf8(value).map_err(|_| malformed())?;
        let (word, number) = text.split_once(' ').ok_or_else(malformed)?;
        if word == "thrice" && rules.min(KNOWN) < THRICE_SINCE {
            return Err(DecodeError::UnknownSchema(THRICE_ID));
        }
        Ok(Request { word: word.to_owned(), number: number.parse().map_err(|_| malformed())? })
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

    fn needs(request: &Request, _: Purpose) -> Vec<RowKey> {
        match request.word.as_str() {
            "find" => vec![added(request.number)],
            "known" => vec![RowKey::of::<ClientRequest>(&client())],
            _ => vec![],
        }
    }

    fn once(key: &str, at: LogTime) -> (RowKey, Added) {
        (RowKey::of::<Once>(&key.to_owned()), Added(Once { at }))
    }

    fn decide(
        in_force: &InForce<'_>,
        id: &UserId,
        owner: &Owner<Self>,
        command: &Command<Request>,
    ) -> Decision<Self> {
        let Request { word, number } = &command.request;
        let price = in_force.policy.prices.message_per_recipient;
        match word.as_str() {
            "add" => add(id, owner, command, 1),
            "twice" => add(id, owner, command, 2),
            "thrice" => add(id, owner, command, 3),
            // Adds nothing, but puts out so many, or writes so many rows.
            "outputs" => add(id, owner, command, *number),
            "rows" => {
                let row = || Added(Once { at: command.at });
                let rows = (0..*number).map(|nth| (added(nth), row())).collect();
                Decision { rows, ..Decision::verdict(owner, done()) }
            }
            "large" => Decision { outputs: vec![large(id)], ..Decision::verdict(owner, done()) },
            "find" => Decision::verdict(owner, found(owner, *number)),
            "known" => Decision::verdict(owner, known(owner)),
            "price" => Decision::verdict(owner, Outcome::Stored(Stored { seq: price })),
            other => panic!("cannot {other}"),
        }
    }

    fn repeat(_: &UserId, owner: &Owner<Self>, command: &Command<Request>) -> Option<Outcome> {
        Some(match command.request.word.as_str() {
            "find" => found(owner, command.request.number),
            _ => done(),
        })
    }
}

fn done() -> Outcome {
    Outcome::Done(Done { changed: true })
}

/// Some row that is loaded with its owner.
fn client() -> ClientId {
    ClientId::from_bytes([0; 16])
}

fn known<F: Fold>(owner: &Owner<F>) -> Outcome {
    match owner.row(&RowKey::of::<ClientRequest>(&client())) {
        Some(_) => done(),
        None => Outcome::refused(Refusal::not_found()),
    }
}

fn found<F: Fold>(owner: &Owner<F>, offset: Offset) -> Outcome {
    match owner.row(&added(offset)) {
        Some(_) => Outcome::Stored(Stored { seq: offset }),
        None => Outcome::refused(Refusal::not_found()),
    }
}

/// Adds a number: a row, a view, so many outputs, and the sum as the verdict.
fn add<const KNOWN: i32>(
    id: &UserId,
    owner: &Owner<Tally<KNOWN>>,
    command: &Command<Request>,
    outputs: i64,
) -> Decision<Tally<KNOWN>> {
    let mut state = AccountState::clone(&owner.state);
    state.balance_milli += command.request.number;
    let changed = CreditsChanged {
        kind: LedgerKind::Grant,
        amount_milli: command.request.number,
        balance_after_milli: state.balance_milli,
    };
    let event = Output::AccountEvent { user: id.clone(), fact: changed.into() };
    let view = MembershipRow {
        user: id.clone(),
        conversation: ConversationKey::new([7; 32]).direct(id, id),
        member: Member {
            role: Role::Member,
            joined_at: command.at,
            intervals: vec![],
            marks: Watermarks::default(),
            request: None,
        },
    };
    let verdict = Some(Outcome::Stored(Stored { seq: state.balance_milli }));
    Decision {
        state,
        rows: vec![(added(command.offset), Added(Once { at: command.at }))],
        views: vec![View::Membership(view)],
        outputs: (0..outputs).map(|_| event.clone()).collect(),
        verdict,
        hits: vec![],
    }
}

fn large(id: &UserId) -> Output {
    let refusal = Refusal::new(ErrorCode::NotFound, "x".repeat(topics::MAX_RECORD_BYTES));
    let conversation = ConversationKey::new([7; 32]).direct(id, id);
    let rejected = SendRejected { client_id: client(), conversation, refusal };
    Output::AccountEvent { user: id.clone(), fact: rejected.into() }
}
