//! The contract of a state machine: its commands, its owners in memory, its decisions.
//!
//! Invariant: a fold is a function of the owner's rows, the command, the policy in force and log time.
//! It reads no clock, no randomness and nothing outside, so a replay gives the same bytes.

mod owner;

use std::fmt::{Debug, Display};
use std::str::FromStr;

use schemas::avro::{DecodeError, Record};
use schemas::control::Policy;
use schemas::moderation::Hit;
use schemas::position::{LogTime, Offset};
use schemas::record::{Envelope, Output};
use schemas::rows::{Residence, RowKey, Variant};
use schemas::tables::Table;
use schemas::tables::views::View;
use schemas::topics::Topic;
use schemas::verdict::{Decider, Outcome};

pub use owner::Owner;

/// A deterministic state machine over the commands of its owners.
pub trait Fold: Send + Sync + 'static {
    /// Names an owner: the key of its commands, and of its partition in the table.
    type Id: FromStr + Display + Clone + Ord + Debug + Send + Sync + 'static;
    type Request: Send + Sync + 'static;
    type State: Record + Clone + PartialEq + Debug + Send + Sync + 'static;
    type Row: StoredRow;

    const NAME: &'static str;
    const DECIDER: Decider;
    /// CloudEvents source of what the machine publishes.
    const SOURCE: &'static str;
    /// The most resident rows that a load brings, beyond which they are read by key; `None` where operations list
    /// them, so that none may be missing.
    const LOADED_ROWS: Option<usize>;
    /// Newest version of the rules that this build knows; it also runs the one before.
    const RULES: i32 = schemas::control::RULES;

    fn commands() -> &'static Topic;
    fn table() -> &'static Table;
    /// The request in framed bytes, under the rules in force at the record's position.
    fn decode(value: &[u8], rules: i32) -> Result<Self::Request, DecodeError>;

    /// The state of an owner without commands.
    fn fresh() -> Self::State;
    /// Offset of the last command decided, and its time.
    fn stamp(state: &Self::State) -> (Offset, LogTime);
    fn set_stamp(state: &mut Self::State, applied: Offset, at: LogTime);

    /// Keys of the rows that deciding the request, or repeating its verdict, reads.
    fn needs(request: &Self::Request, purpose: Purpose) -> Vec<RowKey>;

    /// The row that records that a command under this key has had its effect.
    fn once(key: &str, at: LogTime) -> (RowKey, Self::Row);

    /// What the command does to its owner.
    fn decide(
        in_force: &InForce<'_>,
        id: &Self::Id,
        owner: &Owner<Self>,
        command: &Command<Self::Request>,
    ) -> Decision<Self>;

    /// The verdict on a command that was decided before, from the rows alone.
    fn repeat(id: &Self::Id, owner: &Owner<Self>, command: &Command<Self::Request>) -> Option<Outcome>;
}

/// The purpose of reading rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Decide,
    Repeat,
}

/// A row's form in the owner's table.
pub trait StoredRow: Clone + PartialEq + Debug + Send + Sync + 'static {
    fn encode(&self) -> Vec<u8>;
    fn decode(kind: i32, bytes: &[u8]) -> Result<Self, DecodeError>;
    /// Seconds until the table may clean the row up, if ever.
    fn seconds_to_live(&self) -> Option<u64>;
    /// Where rows of a kind are; `None` for a kind that the machine does not have.
    fn residence(kind: i32) -> Option<Residence>;
}

macro_rules! stored {
    ($($rows:ty)*) => {
        $(impl StoredRow for $rows {
            fn encode(&self) -> Vec<u8> {
                self.encode()
            }

            fn decode(kind: i32, bytes: &[u8]) -> Result<Self, DecodeError> {
                Self::decode(kind, bytes)
            }

            fn seconds_to_live(&self) -> Option<u64> {
                self.seconds_to_live()
            }

            fn residence(kind: i32) -> Option<Residence> {
                Self::residence(kind)
            }
        })*
    };
}

stored! { schemas::rows::AccountRow schemas::rows::ConversationRow }

/// The policy and the rules at a command's position.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    pub policy: &'a Policy,
    pub rules: i32,
}

/// A command at its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Command<R> {
    pub offset: Offset,
    /// Log-append time, not before the owner's last unless that is far ahead.
    pub at: LogTime,
    pub envelope: Envelope,
    pub request: R,
}

/// What one command does to its owner.
pub struct Decision<F: Fold + ?Sized> {
    pub state: F::State,
    pub rows: Vec<(RowKey, F::Row)>,
    /// Written before the rows; no decision reads them.
    pub views: Vec<View>,
    pub outputs: Vec<Output>,
    pub verdict: Option<Outcome>,
    /// Rules that the texts of the command met: counted, and stored nowhere.
    pub hits: Vec<Hit>,
}

impl<F: Fold> Decision<F> {
    /// No effect, and no verdict yet; the state stays.
    pub fn none(owner: &Owner<F>) -> Self {
        Self {
            state: F::State::clone(&owner.state),
            rows: Vec::new(),
            views: Vec::new(),
            outputs: Vec::new(),
            verdict: None,
            hits: Vec::new(),
        }
    }

    /// No effect but a verdict.
    pub fn verdict(owner: &Owner<F>, verdict: Outcome) -> Self {
        Self { verdict: Some(verdict), ..Self::none(owner) }
    }

    /// Adds a row.
    pub fn put<T: Variant<F::Row>>(&mut self, key: &T::Key, row: T) {
        self.rows.push((RowKey::of::<T>(key), row.into_row()));
    }
}

/// How far an owner's last time may be ahead of the log before it is taken for a broken clock.
pub const CLOCK_TOLERANCE_MS: i64 = 5_000;

/// Time of a command: log-append time, kept from going back by a little.
pub fn at(last: LogTime, appended: LogTime) -> LogTime {
    if last > appended.saturating_add(CLOCK_TOLERANCE_MS) { appended } else { last.max(appended) }
}
