//! Messages of one kind between processes.

use std::marker::PhantomData;

use bytes::Bytes;
use platform::ports::{self, Ephemeral, EphemeralError, Subscription};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::metrics::{self, Kind};

/// Publishes a message to all nodes.
pub(crate) async fn publish(
    ephemeral: &dyn Ephemeral,
    kind: Kind,
    message: &impl Serialize,
) -> Result<(), EphemeralError> {
    ephemeral.publish(kind.name(), encode(message)?).await?;
    metrics::published(kind).inc();
    Ok(())
}

/// A value as it is stored and published.
pub(crate) fn encode(value: &impl Serialize) -> Result<Bytes, EphemeralError> {
    let encoded = serde_json::to_vec(value).map_err(|error| EphemeralError::Refused(error.to_string()))?;
    Ok(Bytes::from(encoded))
}

/// The messages that all processes publish.
pub struct Incoming<T> {
    kind: Kind,
    subscription: Subscription,
    messages: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Incoming<T> {
    /// The messages of a kind from now on.
    pub(crate) fn new(ephemeral: &dyn Ephemeral, kind: Kind) -> Self {
        Self { kind, subscription: ephemeral.subscribe(kind.name()), messages: PhantomData }
    }

    /// The next message, or `None` where some may have been missed, as at the beginning; waits for it. Malformed
    /// messages are counted and skipped. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Option<T> {
        loop {
            match self.subscription.next().await {
                ports::Incoming::Resumed => return None,
                ports::Incoming::Message(message) => match serde_json::from_slice(&message) {
                    Ok(message) => return Some(message),
                    Err(_) => metrics::malformed(self.kind).inc(),
                },
            }
        }
    }
}
