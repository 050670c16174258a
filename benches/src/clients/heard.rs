//! What a crowd of clients has heard together.
//!
//! Invariant: a number that a client has heard already is a repeat, one that it passes over is missed;
//! neither is a delivery.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::quantiles;

/// How long what was sent may be on its way.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Heard {
    deliveries: AtomicU64,
    repeats: AtomicU64,
    missed: AtomicU64,
    unexpected: AtomicU64,
    bytes: AtomicU64,
    /// How often a client was ready to hear messages: once for each time that it came.
    arrivals: AtomicU64,
    /// How often one has gone away because it was told to.
    departures: AtomicU64,
    /// By code; 0 where a connection ended without one.
    closes: Mutex<BTreeMap<u16, u64>>,
    /// From the moment a message was due, in microseconds.
    latencies: Mutex<Histogram<u64>>,
    /// Deliveries from which on whoever waits for them is woken.
    awaited: AtomicU64,
    changed: Notify,
}

/// What one read has brought.
#[derive(Default)]
pub struct Batch {
    pub deliveries: u64,
    pub repeats: u64,
    pub missed: u64,
    pub unexpected: u64,
    /// Of all deliveries.
    pub bytes: u64,
    pub arrivals: u64,
    pub micros: Vec<u64>,
}

impl Heard {
    pub fn new() -> Result<Self> {
        let latencies = Mutex::new(quantiles::histogram()?);
        Ok(Self {
            deliveries: AtomicU64::new(0),
            repeats: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            unexpected: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            arrivals: AtomicU64::new(0),
            departures: AtomicU64::new(0),
            closes: Mutex::default(),
            latencies,
            awaited: AtomicU64::new(u64::MAX),
            changed: Notify::new(),
        })
    }

    /// Takes in a batch, and empties it.
    pub fn take_in(&self, batch: &mut Batch) {
        self.repeats.fetch_add(batch.repeats, Relaxed);
        self.missed.fetch_add(batch.missed, Relaxed);
        self.unexpected.fetch_add(batch.unexpected, Relaxed);
        self.bytes.fetch_add(batch.bytes, Relaxed);
        if batch.deliveries > 0 {
            let mut latencies = self.latencies();
            batch.micros.iter().for_each(|micros| latencies.saturating_record(*micros));
        }
        let deliveries = self.deliveries.fetch_add(batch.deliveries, Relaxed) + batch.deliveries;
        self.arrivals.fetch_add(batch.arrivals, Relaxed);
        if batch.arrivals > 0 || deliveries >= self.awaited.load(Relaxed) {
            self.changed.notify_one();
        }
        *batch = Batch { micros: std::mem::take(&mut batch.micros), ..Batch::default() };
        batch.micros.clear();
    }

    pub fn closed(&self, code: u16) {
        *self.closes.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
        self.changed.notify_one();
    }

    pub fn departed(&self) {
        self.departures.fetch_add(1, Relaxed);
        self.changed.notify_one();
    }

    pub fn closes(&self) -> BTreeMap<u16, u64> {
        self.closes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn deliveries(&self) -> u64 {
        self.deliveries.load(Relaxed)
    }

    pub fn arrivals(&self) -> u64 {
        self.arrivals.load(Relaxed)
    }

    pub fn bytes_per_delivery(&self) -> usize {
        (self.bytes.load(Relaxed) / self.deliveries().max(1)) as usize
    }

    /// Latencies of what came since this was last asked.
    pub fn take_latencies(&self) -> Histogram<u64> {
        let mut latencies = self.latencies();
        let taken = latencies.clone();
        latencies.reset();
        taken
    }

    fn latencies(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn until_deliveries(&self, wanted: u64) -> Result<()> {
        self.awaited.store(wanted, Relaxed);
        self.until(|heard| heard.deliveries() >= wanted).await.with_context(|| {
            format!("{} of {wanted} deliveries have come, {}", self.deliveries(), self.troubles())
        })
    }

    pub async fn until_arrivals(&self, wanted: u64) -> Result<()> {
        self.until(|heard| heard.arrivals() >= wanted).await.with_context(|| {
            format!("{} of {wanted} clients have come, {}", self.arrivals(), self.troubles())
        })
    }

    pub async fn until_departures(&self, wanted: u64) -> Result<()> {
        let gone = || self.departures.load(Relaxed);
        self.until(|_| gone() >= wanted)
            .await
            .with_context(|| format!("{} of {wanted} clients have gone", gone()))
    }

    /// One task waits at a time.
    async fn until(&self, holds: impl Fn(&Self) -> bool) -> Result<()> {
        let held = async {
            while !holds(self) {
                self.changed.notified().await;
            }
        };
        Ok(timeout(PATIENCE, held).await?)
    }

    /// An error if anything was lost, repeated, or not understood.
    pub fn insist_on_order(&self) -> Result<()> {
        let troubles = [&self.repeats, &self.missed, &self.unexpected];
        ensure!(troubles.iter().all(|trouble| trouble.load(Relaxed) == 0), "{}", self.troubles());
        Ok(())
    }

    fn troubles(&self) -> String {
        format!(
            "{} missed, {} repeated, {} not understood, closed by code: {:?}",
            self.missed.load(Relaxed),
            self.repeats.load(Relaxed),
            self.unexpected.load(Relaxed),
            self.closes()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_awaited_wakes_who_waits_and_troubles_are_told() {
        let heard = Heard::new().unwrap();
        let (mut first, mut second) = (
            Batch { deliveries: 2, bytes: 20, micros: vec![5, 7], arrivals: 1, ..Batch::default() },
            Batch { deliveries: 1, bytes: 10, micros: vec![9], ..Batch::default() },
        );
        let come = async {
            heard.take_in(&mut first);
            tokio::task::yield_now().await;
            heard.take_in(&mut second);
        };
        let (awaited, ()) = tokio::join!(heard.until_deliveries(3), come);
        awaited.unwrap();
        assert_eq!((heard.arrivals(), heard.bytes_per_delivery()), (1, 10));
        assert_eq!((heard.take_latencies().max(), heard.take_latencies().len()), (9, 0));
        assert!(first.micros.is_empty() && first.deliveries == 0);
        heard.insist_on_order().unwrap();
        heard.take_in(&mut Batch { missed: 1, ..Batch::default() });
        heard.closed(4900);
        let told = heard.insist_on_order().unwrap_err().to_string();
        assert_eq!(told, "1 missed, 0 repeated, 0 not understood, closed by code: {4900: 1}");
    }
}
