//! What the tables say of themselves, for Prometheus.
//!
//! Invariant: label sets are closed: tables that were connected to, operations, outcomes. Units are
//! base units.

use std::sync::Arc;
use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts};

use platform::ports::TablesError;
use platform::telemetry::made;
use schemas::tables::Table;

/// Around the millisecond that a request takes, up to what a call may take.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0];

/// Labels of a call.
const CALL: [&str; 2] = ["table", "operation"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Get,
    Range,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Put, Self::Get, Self::Range];

    fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Range => "range",
        }
    }
}

/// Named `musclemap_tables_*`; register it once: `registry.register(Box::new(scylla.metrics()))`.
/// Clones are the same.
#[derive(Clone)]
pub struct Metrics {
    shared: Arc<Shared>,
}

struct Shared {
    requests: IntCounterVec,
    latency: HistogramVec,
    retries: IntCounterVec,
    coalesced: IntCounterVec,
    rebuilds: IntCounterVec,
    in_flight: IntGauge,
}

impl Metrics {
    /// What calls of these tables are counted by, from nothing on.
    pub(crate) fn new(tables: &[&'static Table]) -> Self {
        let latency = HistogramOpts::new(
            "musclemap_tables_request_seconds",
            "Time from call to answer, with repetitions and waiting",
        )
        .buckets(BUCKETS.to_vec());
        let shared = Shared {
            requests: counter(
                "requests_total",
                "Calls by outcome: ok, unavailable, refused",
                &["table", "operation", "outcome"],
            ),
            latency: made(HistogramVec::new(latency, &CALL)),
            retries: counter("retries_total", "Requests that were sent again", &CALL),
            coalesced: counter("coalesced_reads_total", "Reads that shared another's request", &CALL),
            rebuilds: counter(
                "session_rebuilds_total",
                "Attempts at a new session after an outage, by outcome: rebuilt, failed",
                &["outcome"],
            ),
            in_flight: made(IntGauge::with_opts(options(
                "requests_in_flight",
                "Requests that the cluster has not answered",
            ))),
        };
        let metrics = Self { shared: Arc::new(shared) };
        tables.iter().for_each(|table| metrics.announce(table));
        metrics
    }

    fn announce(&self, table: &Table) {
        for operation in Operation::ALL.map(Operation::name) {
            for outcome in ["ok", "unavailable", "refused"] {
                self.shared.requests.with_label_values(&[table.name, operation, outcome]);
            }
            self.shared.retries.with_label_values(&[table.name, operation]);
            self.shared.coalesced.with_label_values(&[table.name, operation]);
        }
        for outcome in ["rebuilt", "failed"] {
            self.shared.rebuilds.with_label_values(&[outcome]);
        }
    }

    pub(crate) fn answered<T>(
        &self,
        table: &str,
        operation: Operation,
        outcome: &Result<T, TablesError>,
        took: Duration,
    ) {
        let outcome = match outcome {
            Ok(_) => "ok",
            Err(TablesError::Unavailable(_)) => "unavailable",
            Err(TablesError::Refused(_)) => "refused",
        };
        let operation = operation.name();
        self.shared.requests.with_label_values(&[table, operation, outcome]).inc();
        self.shared.latency.with_label_values(&[table, operation]).observe(took.as_secs_f64());
    }

    pub(crate) fn retried(&self, table: &str, operation: Operation) {
        self.shared.retries.with_label_values(&[table, operation.name()]).inc();
    }

    pub(crate) fn coalesced(&self, table: &str, operation: Operation) {
        self.shared.coalesced.with_label_values(&[table, operation.name()]).inc();
    }

    pub(crate) fn rebuilt(&self, done: bool) {
        self.shared.rebuilds.with_label_values(&[if done { "rebuilt" } else { "failed" }]).inc();
    }

    /// Counts a request as in flight for as long as the answer lives.
    pub(crate) fn flying(&self) -> Flying {
        self.shared.in_flight.inc();
        Flying(self.shared.in_flight.clone())
    }
}

pub(crate) struct Flying(IntGauge);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Shared {
    fn collectors(&self) -> [&dyn Collector; 6] {
        [&self.requests, &self.latency, &self.retries, &self.coalesced, &self.rebuilds, &self.in_flight]
    }
}

impl Collector for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        self.shared.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.shared.collectors().into_iter().flat_map(Collector::collect).collect()
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(format!("musclemap_tables_{name}"), help)
}

fn counter(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    made(IntCounterVec::new(options(name, help), labels))
}
