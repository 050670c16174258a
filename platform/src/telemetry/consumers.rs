//! What those count who carry partitions: machines and projections.
//!
//! Invariant: a partition's gauges are there while its run is, and go with it, so that two processes
//! never both show it for long.

use std::sync::LazyLock;

use prometheus::{
    GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, histogram_opts,
    register_gauge_vec, register_histogram_vec, register_int_counter_vec, register_int_gauge_vec,
};
use schemas::position::Partition;
use schemas::topics::Topic;

use super::made;
use super::stages::SECONDS;

static LAG_RECORDS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    made(register_int_gauge_vec!(
        "musclemap_lag_records",
        "Records of a partition that its consumer is not done with",
        &["role", "partition"]
    ))
});

static LAG_SECONDS: LazyLock<GaugeVec> = LazyLock::new(|| {
    made(register_gauge_vec!(
        "musclemap_lag_seconds",
        "How long the oldest record that a partition's consumer is not done with has been there, at most",
        &["role", "partition"]
    ))
});

static OWNERS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    made(register_int_gauge_vec!(
        "musclemap_owners",
        "Owners of a machine's partition that are in memory",
        &["role", "partition"]
    ))
});

static BATCHES: LazyLock<HistogramVec> = LazyLock::new(|| {
    let options = histogram_opts!(
        "musclemap_batch_seconds",
        "From the reading of records that came together until what they say is stored and told",
        SECONDS.to_vec()
    );
    made(register_histogram_vec!(options, &["role"]))
});

static DEAD_LETTERS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_dead_letters_total",
        "Records that could not be handled, by the topic they were read from",
        &["topic"]
    ))
});

static RETRIES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_retries_total",
        "Calls to the log or the tables that failed and were repeated",
        &["port"]
    ))
});

/// What is called again when it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    Log,
    Tables,
}

impl Port {
    /// Makes what every process counts appear.
    pub fn announce() {
        for port in [Self::Log, Self::Tables] {
            port.retries();
        }
    }

    /// Calls of it that failed and are repeated.
    pub fn retries(self) -> IntCounter {
        RETRIES.with_label_values(&[match self {
            Self::Log => "log",
            Self::Tables => "tables",
        }])
    }
}

/// Batches of records, by how long a consumer took for each.
pub fn batches(role: &str) -> Histogram {
    BATCHES.with_label_values(&[role])
}

/// Records of a topic that went to its dead letters.
pub fn dead_letters(topic: &Topic) -> IntCounter {
    DEAD_LETTERS.with_label_values(&[topic.name])
}

/// Makes what a consumer counts appear.
pub fn announce(role: &str, topic: &Topic) {
    batches(role);
    dead_letters(topic);
}

/// How far a consumer is behind the end of its partition.
pub struct Lag(Labels);

impl Lag {
    pub fn new(role: &'static str, partition: Partition) -> Self {
        Self(Labels::new(role, partition))
    }

    pub fn set(&self, records: i64, seconds: f64) {
        LAG_RECORDS.with_label_values(&self.0.values()).set(records);
        LAG_SECONDS.with_label_values(&self.0.values()).set(seconds);
    }
}

impl Drop for Lag {
    fn drop(&mut self) {
        // What was never set cannot be removed, and need not be.
        let _ = LAG_RECORDS.remove_label_values(&self.0.values());
        let _ = LAG_SECONDS.remove_label_values(&self.0.values());
    }
}

/// How many owners of a partition are in memory.
pub struct Owners(Labels);

impl Owners {
    pub fn new(role: &'static str, partition: Partition) -> Self {
        let owners = Self(Labels::new(role, partition));
        owners.set(0);
        owners
    }

    pub fn set(&self, owners: usize) {
        // Asked for each time: a run that was lost may take the gauge with it after the next has begun.
        OWNERS.with_label_values(&self.0.values()).set(i64::try_from(owners).unwrap_or(i64::MAX));
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        let _ = OWNERS.remove_label_values(&self.0.values());
    }
}

struct Labels {
    role: &'static str,
    partition: String,
}

impl Labels {
    fn new(role: &'static str, partition: Partition) -> Self {
        Self { role, partition: partition.to_string() }
    }

    fn values(&self) -> [&str; 2] {
        [self.role, &self.partition]
    }
}
