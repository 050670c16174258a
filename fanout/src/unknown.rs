//! Events under schemas that this build does not know.
//!
//! Invariant: none is passed over before the machine's checkpoint has passed its command under rules that
//! this build knows; newer rules end the process, because what they publish would be missed.

use std::sync::Arc;
use std::time::Duration;

use domain::{Accounts, Conversations};
use fold::Fold;
use platform::clock::Clock;
use platform::ports::{Log, LogError, Tables, TablesError};
use platform::runner::checkpoint::{Checkpoint, CheckpointError};
use schemas::control::RULES;
use schemas::topics::{EVENTS, Topic};

use crate::event::Unknown;
use crate::lanes::{Lane, Lanes};
use crate::node::NodeError;

/// How often a checkpoint is read again that has not passed the command yet.
const AGAIN: Duration = Duration::from_millis(500);

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

/// The machine whose events a lane holds: its name, and its commands.
fn machine(lanes: Lanes, lane: Lane) -> (&'static str, &'static Topic) {
    if lanes.topic(lane) == &EVENTS {
        (Conversations::NAME, Conversations::commands())
    } else {
        (Accounts::NAME, Accounts::commands())
    }
}

/// The checkpoint of the machine's partition that writes a lane.
pub async fn checkpoint(tables: &dyn Tables, lanes: Lanes, lane: Lane) -> Result<Checkpoint, TablesError> {
    let (machine, _) = machine(lanes, lane);
    match Checkpoint::read(tables, machine, lanes.partition(lane)).await {
        Ok(checkpoint) => Ok(checkpoint),
        Err(CheckpointError::Tables(error)) => Err(error),
        Err(CheckpointError::Malformed(reason)) => Err(TablesError::Refused(reason)),
    }
}

pub struct Judge {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub lanes: Lanes,
}

impl Judge {
    /// Whether an event is poison; `false` while the machine's checkpoint has not passed its command.
    pub async fn is_poison(&self, unknown: &Unknown) -> Result<bool, NodeError> {
        let Unknown { lane, number, schema, .. } = *unknown;
        let (machine, commands) = machine(self.lanes, lane);
        let Checkpoint { next, rules, .. } = checkpoint(&*self.tables, self.lanes, lane).await?;
        if rules > RULES {
            return Err(NewerRules { machine, rules, schema }.into());
        }
        if next > number.offset {
            return Ok(true);
        }
        // No command caused it, so no checkpoint will ever pass one.
        let end = self.log.marks(commands, self.lanes.partition(lane)).await?.end;
        Ok(number.offset >= end)
    }

    /// Waits until it is known that an event is poison. The partition's machine writes nothing behind it
    /// that a wait would hold up: its checkpoint follows what it writes within seconds.
    pub async fn until_poison(&self, unknown: &Unknown, clock: &dyn Clock) -> Result<(), NodeError> {
        loop {
            match self.is_poison(unknown).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(NodeError::Tables(error @ TablesError::Unavailable(_))) => self.waits(unknown, &error),
                Err(NodeError::Log(error @ LogError::Unavailable(_))) => self.waits(unknown, &error),
                Err(error) => return Err(error),
            }
            clock.sleep(AGAIN).await;
        }
    }

    fn waits(&self, unknown: &Unknown, error: &dyn std::fmt::Display) {
        let Unknown { lane, offset, schema, .. } = unknown;
        tracing::warn!(lane = lane.0, offset, schema, %error, "a lane waits for its machine's checkpoint");
    }
}
