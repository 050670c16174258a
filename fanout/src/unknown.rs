//! Events under schemas that this build does not know, as a node meets them in its lanes.
//!
//! Invariant: a lane stands still until [`platform::unknown`] says what such an event is.

use std::sync::Arc;

use domain::{Accounts, Conversations};
use platform::clock::Clock;
use platform::ports::{Log, Tables, TablesError};
use platform::runner::checkpoint::Checkpoint;
use platform::unknown::{self, Event, UnknownError, Writer};
use schemas::topics::EVENTS;

use crate::event::Unknown;
use crate::lanes::{Lane, Lanes};

pub use platform::unknown::NewerRules;

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
    pub async fn is_poison(&self, unknown: &Unknown) -> Result<bool, UnknownError> {
        unknown::is_poison(&*self.log, &*self.tables, self.event(unknown)).await
    }

    /// Waits until it is known that an event is poison.
    pub async fn until_poison(&self, unknown: &Unknown, clock: &dyn Clock) -> Result<(), UnknownError> {
        let Unknown { lane, offset, schema, .. } = unknown;
        let waits = |error: &UnknownError| {
            tracing::warn!(lane = lane.0, offset, schema, %error, "a lane waits for its machine's checkpoint");
        };
        unknown::until_poison(&*self.log, &*self.tables, clock, self.event(unknown), waits).await
    }

    fn event(&self, unknown: &Unknown) -> Event {
        let Unknown { lane, number, schema, .. } = *unknown;
        let (writer, partition) = (writer(self.lanes, lane), self.lanes.partition(lane));
        Event { writer, partition, number, schema }
    }
}
