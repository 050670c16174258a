//! The embedded adapter as a whole: what the ports promise, and what only a folder can do wrong.

mod conformance;
mod crash;
mod damage;
mod expiry;
mod groups;
mod reopen;
mod retention;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ::conformance::harness::{append, record};
use async_trait::async_trait;
use musclemap_embedded::Store;
use platform::clock::{Clock, SystemClock};
use platform::ports::{Log, Reader, Record};
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::Topic;

const HOUR: LogTime = 60 * 60 * 1_000;
const DAY: LogTime = 24 * HOUR;

/// A clock that stands until it is moved.
struct ManualClock(AtomicI64);

impl ManualClock {
    fn at(now: LogTime) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(now)))
    }

    fn set(&self, now: LogTime) {
        self.0.store(now, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> LogTime {
        self.0.load(Ordering::SeqCst)
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending().await
    }
}

fn open(folder: &Path) -> Store {
    Store::open(folder, Arc::new(SystemClock)).expect("a store")
}

/// What the partition holds from `from` on.
async fn read_all(log: &dyn Log, topic: &'static Topic, partition: Partition, from: Offset) -> Vec<Record> {
    let end = log.marks(topic, partition).await.expect("marks").end;
    let mut reader: Box<dyn Reader> = log.read(topic, partition, from).await.expect("a reader");
    let mut records: Vec<Record> = Vec::new();
    while from + (records.len() as Offset) < end {
        records.extend(reader.next().await.expect("records"));
    }
    records
}

fn texts(records: &[Record]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8_lossy(&record.value).into_owned()).collect()
}
