//! What users see of each other at the moment: typing statuses.
//!
//! Invariants: all state is ephemeral and may be lost at any moment; nothing durable depends on it. Visibility is
//! checked at delivery, by the viewer's node.

mod metrics;
pub mod typing;

use std::sync::Arc;

use bytes::Bytes;
use platform::ports::Ephemeral;
use serde::de::DeserializeOwned;

pub use metrics::{Kind, announce};
use typing::Publisher;

pub struct Awareness {
    ephemeral: Arc<dyn Ephemeral>,
    pub typing: Publisher,
}

impl Awareness {
    pub fn new(ephemeral: Arc<dyn Ephemeral>) -> Arc<Self> {
        announce();
        Arc::new(Self { typing: Publisher::new(ephemeral.clone()), ephemeral })
    }

    /// Who types, from now on.
    pub fn typists(&self) -> typing::Incoming {
        typing::Incoming::new(self.ephemeral.subscribe(typing::CHANNEL))
    }
}

/// A message of a channel; one that is malformed is counted.
fn read<T: DeserializeOwned>(kind: Kind, message: &Bytes) -> Option<T> {
    serde_json::from_slice(message).inspect_err(|_| metrics::malformed(kind).inc()).ok()
}
