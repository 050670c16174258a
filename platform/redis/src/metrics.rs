//! What the adapter says of itself, for Prometheus.

use platform::telemetry::made;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

/// Counters and gauges named `musclemap_redis_*`; register it once. Clones are the same.
#[derive(Clone)]
pub struct Metrics {
    connections: IntCounterVec,
    failures: IntCounter,
    subscribed: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let connections =
            Opts::new("musclemap_redis_connections_total", "Attempts to connect for commands, by outcome");
        let metrics = Self {
            connections: made(IntCounterVec::new(connections, &["outcome"])),
            failures: made(IntCounter::new("musclemap_redis_failures_total", "Calls that failed")),
            subscribed: made(IntGauge::new(
                "musclemap_redis_subscribed",
                "Whether messages of channels are received: 1 or 0",
            )),
        };
        let _ = ["made", "failed"].map(|outcome| metrics.connections.with_label_values(&[outcome]));
        metrics
    }

    pub(crate) fn connected(&self, is_made: bool) {
        self.connections.with_label_values(&[if is_made { "made" } else { "failed" }]).inc();
    }

    pub(crate) fn failed(&self) {
        self.failures.inc();
    }

    pub(crate) fn subscribed(&self, is_subscribed: bool) {
        self.subscribed.set(is_subscribed.into());
    }

    fn parts(&self) -> [&dyn Collector; 3] {
        [&self.connections, &self.failures, &self.subscribed]
    }
}

impl Collector for Metrics {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.parts().into_iter().flat_map(Collector::collect).collect()
    }
}
