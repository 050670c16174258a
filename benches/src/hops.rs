//! The floor of a pipeline: records that go through the log three times in a row and nothing else, as a
//! send does, at a slow rate beside the load.
//!
//! On Kafka these are bare clients of librdkafka with the durability that the system has; on the
//! embedded stack the log's own appends and reads, in a folder of their own.

mod embedded;
mod kafka;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::Value;
use tests::System;
use tests::system::Stack;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{clock, quantiles};

/// Between two records of the floor: no multiple of what is between two sends, so that they meet those
/// at every moment of their way.
const PACE: Duration = Duration::from_millis(47);
/// Bytes of each, about what an event has.
const PAYLOAD: usize = 300;
const HOPS: i32 = 3;

/// Times of the records that came through, in microseconds.
#[derive(Clone)]
struct Times {
    came: Arc<Mutex<Histogram<u64>>>,
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self { came: Arc::new(Mutex::new(quantiles::histogram()?)) })
    }

    fn note(&self, payload: &[u8]) {
        let due = payload.first_chunk().map_or(0, |due| u64::from_be_bytes(*due));
        let micros = clock::monotonic().saturating_sub(due) / 1_000;
        self.came.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
    }
}

/// A record that says when it was due.
fn payload(due: u64) -> Vec<u8> {
    let mut payload = vec![0x2a; PAYLOAD];
    payload[..8].copy_from_slice(&due.to_be_bytes());
    payload
}

/// Records that are on their way until this is dropped.
pub struct Hops {
    times: Times,
    stop: CancellationToken,
    /// Of the embedded log; Kafka's clients have threads.
    _tasks: JoinSet<()>,
}

impl Hops {
    /// Starts beside a system, on what it stands on.
    pub async fn beside(system: &System) -> Result<Self> {
        let (times, stop) = (Times::new()?, CancellationToken::new());
        let tasks = match system.stack {
            Stack::Standalone => embedded::start(times.clone(), stop.clone())?,
            Stack::Distributed => {
                let bootstrap = system.variable("MM_KAFKA__BOOTSTRAP");
                kafka::start(bootstrap, times.clone(), stop.clone()).await?;
                JoinSet::new()
            }
        };
        Ok(Self { times, stop, _tasks: tasks })
    }

    /// Forgets what came so far, such as what came while the servers warmed up.
    pub fn reset(&self) {
        self.times.came.lock().unwrap_or_else(PoisonError::into_inner).reset();
    }

    pub fn quantiles(&self) -> Value {
        quantiles::of(&self.times.came)
    }
}

impl Drop for Hops {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
