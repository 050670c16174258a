//! What the system stands on: a log, tables and ephemeral state, each with one adapter per stack.
//!
//! Invariant: whatever stands here is held to one conformance suite; code above the ports cannot
//! tell the adapters apart.

pub mod completions;
pub mod ephemeral;
pub mod log;
pub mod search;
pub mod tables;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::clock::Clock;

pub use completions::{CompletionError, Completions, Prompt};
pub use ephemeral::{Ephemeral, EphemeralError, Incoming, Subscription};
pub use log::{Log, LogError, Marks, Membership, MembershipChange, Reader, Receipt, Record};
pub use search::{SearchError, SearchIndex};
pub use tables::{Page, PutRow, Range, Row, Tables, TablesError};

/// What the run of a partition stands on.
#[derive(Clone)]
pub struct Ports {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub clock: Arc<dyn Clock>,
}

impl Ports {
    /// Ends when `after` has passed.
    pub fn timer(&self, after: Duration) -> BoxFuture<'static, ()> {
        let clock = self.clock.clone();
        Box::pin(async move { clock.sleep(after).await })
    }
}
