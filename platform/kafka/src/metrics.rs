//! What the clients of one [`crate::Kafka`] say of themselves, for Prometheus.
//!
//! Invariants: label sets are closed (roles, topics, changes); a gauge is the sum over the clients
//! that live, so it falls when one ends; units are base units.

mod sample;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts};

use platform::telemetry::made;
use schemas::topics;

use crate::locked;
pub(crate) use sample::Sample;

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Producer,
    Queries,
    Reader,
    Member,
}

impl Role {
    const ALL: [Self; 4] = [Self::Producer, Self::Queries, Self::Reader, Self::Member];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Queries => "queries",
            Self::Reader => "reader",
            Self::Member => "member",
        }
    }
}

/// Gauges and counters named `musclemap_kafka_*`; register it once:
/// `registry.register(Box::new(kafka.metrics()))`. Clones are the same.
#[derive(Clone)]
pub struct Metrics {
    shared: Arc<Shared>,
}

struct Shared {
    next_client: AtomicU64,
    /// The newest figures of each client that lives.
    samples: Mutex<BTreeMap<u64, Sample>>,
    connections: IntGaugeVec,
    round_trip: GaugeVec,
    requests: IntGaugeVec,
    producer_records: IntGaugeVec,
    producer_bytes: IntGaugeVec,
    reader_records: IntGaugeVec,
    reader_bytes: IntGaugeVec,
    lag: IntGaugeVec,
    pub(crate) client_errors: IntCounterVec,
    pub(crate) delivery_errors: IntCounterVec,
    pub(crate) reader_errors: IntCounterVec,
    pub(crate) commit_errors: IntCounterVec,
    pub(crate) rebalances: IntCounterVec,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            next_client: AtomicU64::new(0),
            samples: Mutex::default(),
            connections: gauge("broker_connections", "Connections to brokers that are up", &["role"]),
            round_trip: made(GaugeVec::new(
                options(
                    "broker_round_trip_seconds",
                    "99th percentile of a request's round trip, of the slowest broker",
                ),
                &["role"],
            )),
            requests: gauge(
                "broker_requests_in_flight",
                "Requests that brokers have not answered",
                &["role"],
            ),
            producer_records: gauge("producer_queue_records", "Records that are not acknowledged", &[]),
            producer_bytes: gauge("producer_queue_bytes", "Bytes of records that are not acknowledged", &[]),
            reader_records: gauge("reader_queue_records", "Records fetched ahead of readers", &["topic"]),
            reader_bytes: gauge("reader_queue_bytes", "Bytes fetched ahead of readers", &["topic"]),
            lag: gauge("reader_lag_records", "Records between the readers and the ends", &["topic"]),
            client_errors: counter(
                "client_errors_total",
                "Errors of clients, most of them of connections",
                &["role"],
            ),
            delivery_errors: counter("delivery_errors_total", "Records whose outcome is unknown", &["topic"]),
            reader_errors: counter("reader_errors_total", "Errors of partitions that are read", &["topic"]),
            commit_errors: counter(
                "commit_errors_total",
                "Commits of offsets that failed; they repeat",
                &["topic"],
            ),
            rebalances: counter(
                "rebalances_total",
                "Changes of memberships: assigned, revoked, lost",
                &["topic", "change"],
            ),
        };
        shared.announce();
        Self { shared: Arc::new(shared) }
    }

    /// A number for a client that begins to live.
    pub(crate) fn next_client(&self) -> u64 {
        self.shared.next_client.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn note(&self, client: u64, sample: Sample) {
        locked(&self.shared.samples).insert(client, sample);
    }

    pub(crate) fn forget(&self, client: u64) {
        locked(&self.shared.samples).remove(&client);
    }

    pub(crate) fn client_error(&self, role: Role) {
        self.shared.client_errors.with_label_values(&[role.name()]).inc();
    }

    pub(crate) fn delivery_error(&self, topic: &str) {
        self.shared.delivery_errors.with_label_values(&[topic]).inc();
    }

    pub(crate) fn reader_error(&self, topic: &str) {
        self.shared.reader_errors.with_label_values(&[topic]).inc();
    }

    pub(crate) fn commit_error(&self, topic: &str) {
        self.shared.commit_errors.with_label_values(&[topic]).inc();
    }

    pub(crate) fn rebalance(&self, topic: &str, change: &'static str) {
        self.shared.rebalances.with_label_values(&[topic, change]).inc();
    }
}

impl Shared {
    /// Errors are there to be seen before the first of them.
    fn announce(&self) {
        for role in Role::ALL {
            self.client_errors.with_label_values(&[role.name()]);
        }
        for topic in topics::ALL {
            for errors in [&self.delivery_errors, &self.reader_errors, &self.commit_errors] {
                errors.with_label_values(&[topic.name]);
            }
        }
    }

    fn collectors(&self) -> [&dyn Collector; 13] {
        [
            &self.connections,
            &self.round_trip,
            &self.requests,
            &self.producer_records,
            &self.producer_bytes,
            &self.reader_records,
            &self.reader_bytes,
            &self.lag,
            &self.client_errors,
            &self.delivery_errors,
            &self.reader_errors,
            &self.commit_errors,
            &self.rebalances,
        ]
    }

    fn sum(&self, samples: &BTreeMap<u64, Sample>) {
        self.round_trip.reset();
        for gauge in [
            &self.connections,
            &self.requests,
            &self.producer_records,
            &self.producer_bytes,
            &self.reader_records,
            &self.reader_bytes,
            &self.lag,
        ] {
            gauge.reset();
        }
        for sample in samples.values() {
            let role = &[sample.role.name()];
            self.connections.with_label_values(role).add(sample.connections);
            self.requests.with_label_values(role).add(sample.requests);
            let slowest = self.round_trip.with_label_values(role);
            slowest.set(slowest.get().max(sample.round_trip_seconds));
            match sample.role {
                Role::Producer => {
                    self.producer_records.with_label_values(&[] as &[&str]).add(sample.producer_records);
                    self.producer_bytes.with_label_values(&[] as &[&str]).add(sample.producer_bytes);
                }
                Role::Reader => {
                    let topic = &[sample.topic];
                    self.reader_records.with_label_values(topic).add(sample.reader_records);
                    self.reader_bytes.with_label_values(topic).add(sample.reader_bytes);
                    self.lag.with_label_values(topic).add(sample.lag);
                }
                Role::Queries | Role::Member => {}
            }
        }
    }
}

impl Collector for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        self.shared.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Held to the end, so that two collections do not mix their sums.
        let samples = locked(&self.shared.samples);
        self.shared.sum(&samples);
        self.shared.collectors().into_iter().flat_map(Collector::collect).collect()
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(format!("musclemap_kafka_{name}"), help)
}

fn gauge(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    made(IntGaugeVec::new(options(name, help), labels))
}

fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    made(IntCounterVec::new(options(name, help), labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gauges_are_sums_over_clients_that_live() {
        let metrics = Metrics::new();
        let registry = prometheus::Registry::new();
        registry.register(Box::new(metrics.clone())).expect("names of its own");
        let reader = Sample { lag: 3, connections: 1, ..Sample::new(Role::Reader, "events") };
        metrics.note(1, reader.clone());
        metrics.note(2, Sample { lag: 4, ..reader });
        let lag = || {
            let families = registry.gather();
            let family = families.iter().find(|family| family.name() == "musclemap_kafka_reader_lag_records");
            family.map(|family| family.get_metric().iter().map(|m| m.get_gauge().get_value()).sum::<f64>())
        };
        assert_eq!(lag(), Some(7.0));
        metrics.forget(1);
        assert_eq!(lag(), Some(4.0));
        metrics.forget(2);
        assert_eq!(lag(), None);
    }
}
