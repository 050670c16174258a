//! Events under schemas that this build does not know.
//!
//! Invariant: none is passed over before the machine's checkpoint has passed its command under rules that
//! this build knows; newer rules end the process, because what they publish would be missed.

use fold::Fold;
use schemas::control::RULES;
use schemas::position::{Number, Partition};
use schemas::topics::Topic;

use crate::ports::{Log, LogError, Tables, TablesError};
use crate::runner::checkpoint::{Checkpoint, CheckpointError};

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

/// Whether an event of the command `number` under an unknown schema is poison; `false` while the machine's
/// checkpoint has not passed the command.
pub async fn is_poison(
    log: &dyn Log,
    tables: &dyn Tables,
    writer: Writer,
    partition: Partition,
    number: Number,
    schema: u32,
) -> Result<bool, UnknownError> {
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
