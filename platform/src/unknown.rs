//! Events under schemas that this build does not know.
//!
//! Invariant: none is passed over before the machine's checkpoint has passed its command under rules that
//! this build knows; newer rules end the process, because what they publish would be missed.

use std::time::Duration;

use fold::Fold;
use schemas::control::RULES;
use schemas::position::{Number, Partition};
use schemas::topics::Topic;

use crate::clock::Clock;
use crate::ports::{Log, LogError, Tables, TablesError};
use crate::runner::checkpoint::{Checkpoint, CheckpointError};

/// How often a checkpoint is read again that has not passed the command yet.
const AGAIN: Duration = Duration::from_millis(500);

/// The machine that writes a topic of events.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    pub machine: &'static str,
    pub commands: &'static Topic,
}

impl Writer {
    pub fn of<F: Fold>() -> Self {
        Self { machine: F::NAME, commands: F::commands() }
    }

    /// The checkpoint of the partition that writes the events of the same number.
    pub async fn checkpoint(
        self,
        tables: &dyn Tables,
        partition: Partition,
    ) -> Result<Checkpoint, TablesError> {
        match Checkpoint::read(tables, self.machine, partition).await {
            Ok(checkpoint) => Ok(checkpoint),
            Err(CheckpointError::Tables(error)) => Err(error),
            Err(CheckpointError::Malformed(reason)) => Err(TablesError::Refused(reason)),
        }
    }
}

/// An event under a schema that this build does not know.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub writer: Writer,
    pub partition: Partition,
    /// Of the command that caused it.
    pub number: Number,
    pub schema: u32,
}

/// A machine decides by rules that this build does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{machine} decide by rules {rules}, which publish schema {schema}; this build knows rules up to {RULES}"
)]
pub struct NewerRules {
    pub machine: &'static str,
    pub rules: i32,
    pub schema: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum UnknownError {
    #[error(transparent)]
    Newer(#[from] NewerRules),
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl UnknownError {
    /// Whether asking again may help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Newer(_) => false,
            Self::Tables(error) => matches!(error, TablesError::Unavailable(_)),
            Self::Log(error) => matches!(error, LogError::Unavailable(_)),
        }
    }
}

/// Whether an event is poison; `false` while the machine's checkpoint has not passed its command.
pub async fn is_poison(log: &dyn Log, tables: &dyn Tables, event: Event) -> Result<bool, UnknownError> {
    let Event { writer, partition, number, schema } = event;
    let Checkpoint { next, rules, .. } = writer.checkpoint(tables, partition).await?;
    if rules > RULES {
        return Err(NewerRules { machine: writer.machine, rules, schema }.into());
    }
    if next > number.offset {
        return Ok(true);
    }
    // No command caused it, so no checkpoint will ever pass one.
    let end = log.marks(writer.commands, partition).await?.end;
    Ok(number.offset >= end)
}

/// Waits until it is known that an event is poison; `on_wait` logs an error that may pass. The wait holds up
/// only what stands behind the event: the checkpoint follows what its machine writes within seconds.
pub async fn until_poison(
    log: &dyn Log,
    tables: &dyn Tables,
    clock: &dyn Clock,
    event: Event,
    on_wait: impl Fn(&UnknownError),
) -> Result<(), UnknownError> {
    loop {
        match is_poison(log, tables, event).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if error.is_passing() => on_wait(&error),
            Err(error) => return Err(error),
        }
        clock.sleep(AGAIN).await;
    }
}
