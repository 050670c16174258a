//! Consumers with effects: what reads a topic and does something outside the tables, such as filling an index,
//! calling a service or appending commands.
//!
//! Invariants:
//! - A position passes a record only when everything that the record asks for is done, or the record is among
//!   the dead letters. So every effect happens at least once.
//! - A position is stored together with the number of the last cause before it, so an event that a machine has
//!   repeated asks for nothing, wherever a consumer starts.
//! - A crash, and a consumer that lost its partition and does not know it, repeat effects. An effect is
//!   therefore idempotent by a key and a version, and an older version changes nothing.
//! - Of one partition a bounded number of batches is under way. Their completions form a queue, whatever
//!   order they complete in.
//! - While a dependency is away, one batch of the process asks for it, and the others wait.

mod attempt;
mod batch;
mod position;
mod run;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::avro::DecodeError;
use schemas::tables::MalformedRow;
use schemas::topics::Topic;
use tokio_util::sync::CancellationToken;

use crate::group::{self, Assignment};
use crate::ports::{LogError, Record, SearchError, TablesError};
use crate::retry::{BackOff, Refused};
use crate::telemetry;
use crate::unknown::{UnknownError, Writer};
use attempt::Gate;

pub use crate::ports::Ports;

/// What a consumer does for records.
#[async_trait]
pub trait Effects: Send + Sync + 'static {
    /// Names the consumer: its group, its stored positions, the label `role` of its metrics.
    const NAME: &'static str;
    /// CloudEvents source of its dead letters.
    const SOURCE: &'static str;
    /// What is done for a record.
    type Effect: Send + Sync + 'static;

    fn topic() -> &'static Topic;

    /// The machine that writes the topic; `None` of a topic from outside.
    fn writer() -> Option<Writer>;

    /// What a record asks for, which may be nothing.
    fn effects(&self, record: &Record) -> Result<Vec<Self::Effect>, Unreadable>;

    /// Does what records ask for, in order. It may have been done before, wholly or in part.
    async fn apply(&self, effects: &[&Self::Effect]) -> Result<(), Failure>;
}

/// A record that says nothing that can be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    Poison(String),
    /// The schema belongs to no fact of this build; newer rules may publish it.
    Unknown(u32),
}

impl Unreadable {
    pub fn poison(reason: impl std::fmt::Display) -> Self {
        Self::Poison(reason.to_string())
    }
}

impl From<DecodeError> for Unreadable {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::UnknownSchema(schema) => Self::Unknown(schema),
            DecodeError::Unframed(_)
            | DecodeError::OtherSubject { .. }
            | DecodeError::Malformed(_)
            | DecodeError::Trailing(_) => Self::poison(error),
        }
    }
}

/// Why effects are not done; they may be done in part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The dependency does not answer, whatever it is asked for: the consumer waits for it.
    #[error("dependency away: {0}")]
    Away(String),
    /// These effects failed, and may succeed when they are tried again; the budget of tries is bounded.
    #[error("failed: {0}")]
    Failed(String),
    /// Trying again does not help.
    #[error("refused: {0}")]
    Refused(String),
    /// The log did not take a command. If it is unavailable it is away; any other error ends the run.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<TablesError> for Failure {
    fn from(error: TablesError) -> Self {
        match error {
            TablesError::Unavailable(reason) => Self::Away(reason),
            TablesError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Unavailable(reason) => Self::Away(reason),
            SearchError::Refused(reason) => Self::Refused(reason),
        }
    }
}

impl From<MalformedRow> for Failure {
    fn from(error: MalformedRow) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Refused(error.to_string())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum EffectsError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Tables(#[from] Refused),
    #[error(transparent)]
    Unknown(#[from] UnknownError),
    #[error("stored position is malformed: {0}")]
    Position(String),
}

/// Bounds of one partition, and times.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Effects of one batch; a record that asks for more makes a batch of its own.
    pub batch: usize,
    /// Bytes of the records of one batch; one record may be larger.
    pub batch_bytes: usize,
    /// How long the first effect of a batch waits for others.
    pub linger: Duration,
    /// Batches under way at once.
    pub concurrency: usize,
    /// How long one try may take; then the dependency is taken for away.
    pub apply_within: Duration,
    /// Tries of one batch, and of one record of a batch that failed.
    pub tries: u32,
    /// The pause after the first failure; it doubles up to the longest.
    pub first_pause: Duration,
    pub longest_pause: Duration,
    /// How often a position is stored: a new owner repeats about so much.
    pub store_every: Duration,
    /// How long batches under way may take when the partition is given up.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch: 512,
            batch_bytes: 4 * 1024 * 1024,
            linger: Duration::from_millis(50),
            concurrency: 1,
            apply_within: Duration::from_secs(30),
            tries: 5,
            first_pause: Duration::from_millis(50),
            longest_pause: Duration::from_secs(5),
            store_every: Duration::from_secs(1),
            drain: Duration::from_secs(5),
        }
    }
}

impl Options {
    fn back_off(&self) -> BackOff {
        BackOff::new(self.first_pause, self.longest_pause)
    }
}

/// What the partitions of one consumer share.
struct Work<E> {
    ports: Ports,
    effects: Arc<E>,
    options: Options,
    gate: Gate,
}

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve<E: Effects>(
    ports: Ports,
    effects: Arc<E>,
    options: Options,
    stop: CancellationToken,
) -> Result<(), EffectsError> {
    telemetry::effects::announce(E::NAME);
    let (log, clock) = (ports.log.clone(), ports.clock.clone());
    let work = Arc::new(Work { ports, effects, options, gate: Gate::new(E::NAME) });
    let run = move |assignment| run::run(work.clone(), assignment);
    group::serve(log, clock, E::NAME, E::topic(), stop, run).await
}

/// Runs one partition until its assignment is stopped; with a gate of its own.
pub async fn run<E: Effects>(
    ports: Ports,
    effects: Arc<E>,
    options: Options,
    assignment: Assignment,
) -> Result<(), EffectsError> {
    run::run(Arc::new(Work { ports, effects, options, gate: Gate::new(E::NAME) }), assignment).await
}
