//! Events under schemas that this build does not know, as a node meets them in its lanes.
//!
//! Invariant: a lane stands still until [`platform::unknown`] says what such an event is.

use std::sync::Arc;
use std::time::Duration;

use domain::{Accounts, Conversations};
use platform::clock::Clock;
use platform::ports::{Log, Tables, TablesError};
use platform::runner::checkpoint::Checkpoint;
use platform::unknown::{UnknownError, Writer, is_poison};
use schemas::topics::EVENTS;

use crate::event::Unknown;
use crate::lanes::{Lane, Lanes};
use crate::node::NodeError;

pub use platform::unknown::NewerRules;

/// How often a checkpoint is read again that has not passed the command yet.
const AGAIN: Duration = Duration::from_millis(500);

/// The machine whose events a lane holds.
fn writer(lanes: Lanes, lane: Lane) -> Writer {
    if lanes.topic(lane) == &EVENTS { Writer::of::<Conversations>() } else { Writer::of::<Accounts>() }
}

/// The checkpoint of the machine's partition that writes a lane.
pub async fn checkpoint(tables: &dyn Tables, lanes: Lanes, lane: Lane) -> Result<Checkpoint, TablesError> {
    writer(lanes, lane).checkpoint(tables, lanes.partition(lane)).await
}

pub struct Judge {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub lanes: Lanes,
}

impl Judge {
    /// Whether an event is poison; `false` while the machine's checkpoint has not passed its command.
    pub async fn is_poison(&self, unknown: &Unknown) -> Result<bool, NodeError> {
        Ok(self.judge(unknown).await?)
    }

    async fn judge(&self, unknown: &Unknown) -> Result<bool, UnknownError> {
        let Unknown { lane, number, schema, .. } = *unknown;
        let (writer, partition) = (writer(self.lanes, lane), self.lanes.partition(lane));
        is_poison(&*self.log, &*self.tables, writer, partition, number, schema).await
    }

    /// Waits until it is known that an event is poison. The partition's machine writes nothing behind it
    /// that a wait would hold up: its checkpoint follows what it writes within seconds.
    pub async fn until_poison(&self, unknown: &Unknown, clock: &dyn Clock) -> Result<(), NodeError> {
        loop {
            match self.judge(unknown).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if error.is_passing() => self.waits(unknown, &error),
                Err(error) => return Err(error.into()),
            }
            clock.sleep(AGAIN).await;
        }
    }

    fn waits(&self, unknown: &Unknown, error: &dyn std::fmt::Display) {
        let Unknown { lane, offset, schema, .. } = unknown;
        tracing::warn!(lane = lane.0, offset, schema, %error, "a lane waits for its machine's checkpoint");
    }
}
