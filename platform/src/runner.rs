//! The runner: carries a fold through the log, so that each command has its effect once.
//!
//! One partition of commands is run by one [`core::Core`], a state machine without I/O: records and
//! completions go in, effects come out. [`drive`] starts the effects on the ports and feeds their
//! completions back; `crate::group` runs the
//! partitions that this process holds.
//!
//! Invariants, per owner and in this order: outputs are acknowledged before rows are written, views
//! are written before rows, rows before the verdict, the verdict before the checkpoint passes it.
//! After a crash everything from the checkpoint on is decided again to the same bytes, or its verdict is
//! repeated from the rows; readers drop what repeats by counting.

pub mod checkpoint;
pub mod core;
pub mod drive;
pub mod effect;
pub mod fault;
mod incoming;
pub mod io;
mod measure;
mod memory;
mod refuse;

use std::time::Duration;

use fold::Fold;

use schemas::position::{Offset, Partition};
use tokio_util::sync::CancellationToken;

use crate::group;
use crate::ports::LogError;
use crate::retry::Refused;

/// Bounds of one partition's run.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Commands that are decided and not yet checkpointed.
    pub in_flight: usize,
    /// Commands that are read and not yet decided.
    pub read_ahead: usize,
    /// Owners in memory.
    pub owners: usize,
    /// Rows of one owner in memory; beyond them it leaves once it is idle, and comes back with what a
    /// load brings.
    pub owner_rows: usize,
    /// How long what is done may wait for its checkpoint: about so much a new owner goes through again.
    pub checkpoint_every: Duration,
    /// How long a revoked partition may take to finish what it has begun.
    pub drain: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            in_flight: 1_024,
            read_ahead: 1_024,
            owners: 4_096,
            owner_rows: 8_192,
            checkpoint_every: Duration::from_secs(1),
            drain: Duration::from_secs(2),
        }
    }
}

/// Why a partition's run ended before it was told to; each ends the process.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error("an output may be lost: {0}")]
    Delivery(LogError),
    #[error("commands cannot be read: {0}")]
    Log(#[from] LogError),
    #[error(transparent)]
    Tables(#[from] Refused),
    #[error("checkpoint of partition {0} is unreadable: {1}")]
    Checkpoint(Partition, String),
    #[error("stored rows of owner {0} are unreadable: {1}")]
    Rows(String, String),
    #[error("record {offset} puts rules {rules} in force, and this build runs up to {known}")]
    UnknownRules { offset: Offset, rules: i32, known: i32 },
}

/// Runs the partitions of a machine that this process holds, until `stop`.
pub async fn serve<F: Fold>(
    ports: drive::Ports,
    options: Options,
    stop: CancellationToken,
) -> Result<(), RunnerError> {
    let (log, clock) = (ports.log.clone(), ports.clock.clone());
    let run = move |assignment| drive::run::<F>(ports.clone(), options, assignment);
    group::serve(log, clock, F::NAME, F::commands(), stop, run).await
}
