//! Cases for [`platform::ports::Ephemeral`], and how they name what is their own.
//!
//! Invariant: a case uses keys, queues and texts that no other case has; channels are shared, so a case looks
//! for its own messages.

pub mod deadlines;
pub mod leases;
pub mod messages;
pub mod values;

use std::time::Duration;

use bytes::Bytes;
use platform::ports::Ephemeral;

use crate::harness::within;

/// Longer than any case takes.
const LONG: Duration = Duration::from_secs(600);
/// Short, and longer than a call takes.
const SHORT: Duration = Duration::from_millis(300);

async fn get_one(ephemeral: &dyn Ephemeral, key: &str) -> Option<Bytes> {
    let values = within("a read", ephemeral.get(&[key.to_owned()])).await.expect("values");
    let [value] = <[_; 1]>::try_from(values).expect("one value for one key");
    value
}

async fn set(ephemeral: &dyn Ephemeral, key: &str, value: &str, time_to_live: Duration) {
    let value = Bytes::copy_from_slice(value.as_bytes());
    within("a write", ephemeral.set(key, value, time_to_live)).await.expect("a value that is set");
}
