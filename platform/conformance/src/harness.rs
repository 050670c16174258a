//! What cases share, and other tests of adapters: names of their own, records, and patience that ends.
//!
//! Invariant: a case waits for conditions, never for a time; a condition that does not come fails it.

use std::future::Future;
use std::time::Duration;

use platform::ports::Log;
use schemas::position::{Offset, Partition};
use schemas::record::{Outgoing, Place};
use schemas::topics::Topic;

/// Generous: a consumer group of a real broker takes seconds to settle.
const PATIENCE: Duration = Duration::from_secs(60);

/// A name that no other case, and no other run, has.
pub fn fresh(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4())
}

/// The future's output; the case fails if it takes too long.
pub async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("{what}: nothing within {PATIENCE:?}"),
    }
}

/// A record without a key or headers.
pub fn record(topic: &'static Topic, partition: Partition, value: impl Into<Vec<u8>>) -> Outgoing {
    let place = Place::Partition(partition);
    Outgoing { topic, place, key: None, headers: Vec::new(), value: value.into() }
}

/// Appends a record; gives its offset.
pub async fn append(log: &dyn Log, record: Outgoing) -> Offset {
    let receipt = within("enqueue", log.enqueue(record)).await.expect("room in an open log");
    within("a receipt", receipt).await.expect("an appended record")
}

/// Tries again until there is something; the case fails if it takes too long.
pub async fn eventually<T>(what: &str, mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let attempts = async {
        loop {
            if let Some(found) = attempt().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(what, attempts).await
}
