//! The floor of a pipeline: records that go through the log three times in a row and nothing else, as a
//! send does, at a slow rate beside the load.
//!
//! On Kafka these are bare clients of librdkafka with the durability that the system has; on the
//! embedded stack the log's own appends and reads, in a folder of their own.

mod embedded;
mod kafka;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::Value;
use tests::System;
use tests::system::Stack;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::quantiles;

/// Between two records of the floor: no multiple of what is between two sends, so that they meet those
/// at every moment of their way.
const PACE: Duration = Duration::from_millis(47);
/// Bytes of each, about what an event has.
const PAYLOAD: usize = 300;
const HOPS: i32 = 3;

/// Times of the records that came through, in microseconds.
#[derive(Clone)]
struct Times {
    begun: Instant,
    came: Arc<Mutex<Histogram<u64>>>,
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self { begun: Instant::now(), came: Arc::new(Mutex::new(quantiles::histogram()?)) })
    }

    /// A record that says when it was made.
    fn payload(&self) -> Vec<u8> {
        let mut payload = vec![0x2a; PAYLOAD];
        payload[..8].copy_from_slice(&(self.begun.elapsed().as_micros() as u64).to_be_bytes());
        payload
    }

    fn note(&self, payload: &[u8]) {
        let made = payload.first_chunk().map_or(0, |made| u64::from_be_bytes(*made));
        let micros = (self.begun.elapsed().as_micros() as u64).saturating_sub(made);
        self.came.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
    }
}

/// Records that are on their way until this is dropped.
pub struct Hops {
    times: Times,
    stop: CancellationToken,
    _tasks: JoinSet<()>,
}

impl Hops {
    /// Starts beside a system, on what it stands on.
    pub async fn beside(system: &System) -> Result<Self> {
        let (times, stop) = (Times::new()?, CancellationToken::new());
        let tasks = match system.stack {
            Stack::Standalone => embedded::start(times.clone(), stop.clone())?,
            Stack::Distributed => {
                kafka::start(system.variable("MM_KAFKA__BOOTSTRAP"), times.clone(), stop.clone()).await?
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
