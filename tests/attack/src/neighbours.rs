//! Users who do nothing wrong while others attack: each sends twice a second and notes how long its
//! answers take.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::join_all;
use hdrhistogram::Histogram;
use tests::{Client, System};
use tokio::time::{Instant, interval};
use uuid::Uuid;

/// Pairs who talk to each other.
const PAIRS: usize = 10;
/// Between two sends of one user.
const PACE: Duration = Duration::from_millis(500);
/// The histogram's upper bound, in microseconds.
const LONGEST: u64 = 120_000_000;

/// How long answers took.
#[derive(Debug, Clone)]
pub struct Times {
    micros: Histogram<u64>,
    /// Sends that were not answered with a message.
    pub failed: usize,
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self { micros: Histogram::new_with_bounds(1, LONGEST, 3)?, failed: 0 })
    }

    pub fn p50(&self) -> Duration {
        Duration::from_micros(self.micros.value_at_quantile(0.5))
    }

    pub fn p99(&self) -> Duration {
        Duration::from_micros(self.micros.value_at_quantile(0.99))
    }
}

/// One who sends, and where.
struct Neighbour {
    client: Client,
    conversation: String,
}

pub struct Neighbours {
    all: Vec<Neighbour>,
    times: Arc<Mutex<Times>>,
}

impl Neighbours {
    pub async fn come(system: &System) -> Result<Self> {
        let mut all = Vec::new();
        for pair in 0..PAIRS {
            let left = Client::login(system, &format!("left{pair}")).await;
            let right = Client::login(system, &format!("right{pair}")).await;
            let conversation = left.create("DIRECT", &[&right]).await;
            all.extend([left, right].map(|client| Neighbour { client, conversation: conversation.clone() }));
        }
        Ok(Self { all, times: Arc::new(Mutex::new(Times::new()?)) })
    }

    /// Sends for a time; an answer is waited for, however late.
    pub async fn observe(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        join_all(self.all.iter().map(|neighbour| neighbour.send(until, &self.times))).await;
        let count = self.times.lock().unwrap_or_else(PoisonError::into_inner).micros.len();
        ensure!(count > 0, "no neighbour has had an answer");
        Ok(())
    }

    /// What was found since the last call.
    pub fn take(&self) -> Times {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = times.clone();
        times.micros.reset();
        times.failed = 0;
        taken
    }
}

impl Neighbour {
    async fn send(&self, until: Instant, times: &Mutex<Times>) {
        let mut pace = interval(PACE);
        loop {
            let due = pace.tick().await;
            if due >= until {
                return;
            }
            let id = Uuid::new_v4();
            let answer = self.client.try_send(&self.conversation, id, &format!("{id} says something")).await;
            let took = due.elapsed();
            let is_sent = answer.context("no answer").is_ok_and(|answer| answer.get("errors").is_none());
            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
            times.micros.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LONGEST));
            times.failed += usize::from(!is_sent);
        }
    }
}
