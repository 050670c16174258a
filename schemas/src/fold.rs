//! The contract between the rules and what runs them: owners, commands, decisions.
//!
//! Invariant: a fold is a function of the owner's rows, the command, what is in force and log time.
//! It reads no clock, no randomness and nothing outside, so a replay gives the same bytes.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::str::FromStr;
use std::sync::Arc;

use crate::avro::{DecodeError, Record};
use crate::control::Policy;
use crate::message::{Envelope, Output};
use crate::owner::RowKey;
use crate::position::{LogTime, Offset};
use crate::tables::Table;
use crate::tables::views::View;
use crate::topics::Topic;
use crate::verdict::{Decider, Outcome};

/// A deterministic state machine over the commands of its owners.
pub trait Fold: Send + Sync + 'static {
    /// Names an owner: the key of its commands, and of its partition in the table.
    type Id: FromStr + Display + Clone + Ord + Debug + Send + Sync + 'static;
    type Request: Send + Sync + 'static;
    type State: Record + Clone + PartialEq + Debug + Send + Sync + 'static;
    type Row: StoredRow;

    const NAME: &'static str;
    const DECIDER: Decider;
    /// Rows of kinds up to this one are loaded with the owner.
    const LAST_RESIDENT_KIND: i32;
    /// Kinds of rows that no request needs: they are for readers, and memory does not keep them.
    const NEVER_NEEDED: &[i32];

    fn commands() -> &'static Topic;
    fn table() -> &'static Table;
    fn decode(value: &[u8]) -> Result<Self::Request, DecodeError>;

    /// The state of an owner that has never been commanded.
    fn fresh() -> Self::State;
    /// Offset of the last command decided, and its time.
    fn stamp(state: &Self::State) -> (Offset, LogTime);
    fn set_stamp(state: &mut Self::State, applied: Offset, at: LogTime);

    /// Keys of the rows that deciding the request, or telling its verdict again, reads.
    fn needs(request: &Self::Request, purpose: Purpose) -> Vec<RowKey>;

    /// The row that says that a command under this key has had its effect.
    fn once(key: &str, at: LogTime) -> (RowKey, Self::Row);

    /// What the command does to its owner.
    fn decide(
        in_force: &InForce<'_>,
        id: &Self::Id,
        owner: &Owner<Self>,
        command: &Command<Self::Request>,
    ) -> Decision<Self>;

    /// The verdict on a command that was decided before, told from the rows alone.
    fn repeat(id: &Self::Id, owner: &Owner<Self>, command: &Command<Self::Request>) -> Option<Outcome>;
}

/// What rows are needed for.
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
    fn seconds_to_live(&self) -> Option<u64> {
        None
    }
}

/// What holds at a command's position.
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

/// Whoever chooses keys chooses them for an owner of their own, and does not see the seed.
type Rows<R> = HashMap<RowKey, Option<R>, foldhash::fast::RandomState>;

/// An owner in memory: its state, and the rows that are known, be it as absent.
///
/// Rows are looked up far more often than listed, and an account may know thousands: so they are
/// hashed, and what is listed is sorted first. Nothing ever depends on the order of the maps.
pub struct Owner<F: Fold + ?Sized> {
    /// Shared with what is to be written of it.
    pub state: Arc<F::State>,
    /// Of kinds that are loaded with the owner.
    resident: Rows<F::Row>,
    /// Of kinds that are read by key.
    keyed: Rows<F::Row>,
    /// Whether a resident row that is not here does not exist.
    complete: bool,
}

impl<F: Fold> Owner<F> {
    pub fn new(state: F::State, complete: bool) -> Self {
        Self { state: Arc::new(state), resident: Rows::default(), keyed: Rows::default(), complete }
    }

    fn rows(&self, kind: i32) -> &Rows<F::Row> {
        if kind <= F::LAST_RESIDENT_KIND { &self.resident } else { &self.keyed }
    }

    /// What is known of `key`; `None` if nothing is.
    fn known(&self, key: &RowKey) -> Option<Option<&F::Row>> {
        let absent = self.complete && key.kind <= F::LAST_RESIDENT_KIND;
        self.rows(key.kind).get(key).map(Option::as_ref).or(absent.then_some(None))
    }

    /// Whether the owner can say what stands under `key`.
    pub fn knows(&self, key: &RowKey) -> bool {
        self.known(key).is_some()
    }

    /// The row under `key`, if there is one.
    ///
    /// # Panics
    /// If the row was not loaded: a fold that reads what it does not name in [`Fold::needs`].
    pub fn row(&self, key: &RowKey) -> Option<&F::Row> {
        self.known(key).unwrap_or_else(|| panic!("row {key:?} was not loaded"))
    }

    /// Notes what stands under `key`, unless no request ever needs to know.
    pub fn set(&mut self, key: RowKey, row: Option<F::Row>) {
        if F::NEVER_NEEDED.contains(&key.kind) {
            return;
        }
        let rows = if key.kind <= F::LAST_RESIDENT_KIND { &mut self.resident } else { &mut self.keyed };
        rows.insert(key, row);
    }

    /// Known rows of one kind, in key order.
    pub fn of_kind(&self, kind: i32) -> impl Iterator<Item = (&RowKey, &F::Row)> {
        let mut rows: Vec<_> = self
            .rows(kind)
            .iter()
            .filter(|(key, _)| key.kind == kind)
            .filter_map(|(key, row)| Some((key, row.as_ref()?)))
            .collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows.into_iter()
    }

    /// Forgets rows that can be read again by key, but for those that `keep` names.
    pub fn forget(&mut self, mut keep: impl FnMut(&RowKey) -> bool) {
        self.keyed.retain(|key, _| keep(key));
    }

    /// Rows in memory.
    pub fn len(&self) -> usize {
        self.resident.len() + self.keyed.len()
    }

    /// Rows in memory that can be forgotten.
    pub fn keyed_len(&self) -> usize {
        self.keyed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What one command does to its owner.
pub struct Decision<F: Fold + ?Sized> {
    pub state: F::State,
    pub rows: Vec<(RowKey, F::Row)>,
    /// Written before the rows; no decision reads them.
    pub views: Vec<View>,
    pub outputs: Vec<Output>,
    pub verdict: Option<Outcome>,
}

impl<F: Fold> Decision<F> {
    /// Nothing but a verdict; the state stays.
    pub fn verdict(owner: &Owner<F>, verdict: Outcome) -> Self {
        Self {
            state: F::State::clone(&owner.state),
            rows: Vec::new(),
            views: Vec::new(),
            outputs: Vec::new(),
            verdict: Some(verdict),
        }
    }
}

/// How far an owner's last time may be ahead of the log before it is taken for a broken clock.
pub const CLOCK_TOLERANCE_MS: i64 = 5_000;

/// Time of a command: log-append time, kept from going back by a little.
pub fn at(last: LogTime, appended: LogTime) -> LogTime {
    if last > appended + CLOCK_TOLERANCE_MS { appended } else { last.max(appended) }
}
