//! What every client reports: its errors and its statistics.
//!
//! Invariant: a client that has ended is in no figure any more.

use rdkafka::client::ClientContext;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;

use crate::metrics::{Metrics, Role, Sample};

pub(crate) struct Observer {
    client: u64,
    role: Role,
    /// Empty for a client that is of no one topic.
    topic: &'static str,
    pub(crate) metrics: Metrics,
}

impl Observer {
    pub(crate) fn new(role: Role, topic: &'static str, metrics: &Metrics) -> Self {
        Self { client: metrics.next_client(), role, topic, metrics: metrics.clone() }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.metrics.forget(self.client);
    }
}

impl ClientContext for Observer {
    fn stats(&self, statistics: Statistics) {
        self.metrics.note(self.client, Sample::of(self.role, self.topic, &statistics));
    }

    /// Most of these pass by themselves: librdkafka connects again.
    fn error(&self, error: KafkaError, reason: &str) {
        self.metrics.client_error(self.role);
        tracing::warn!(role = self.role.name(), topic = self.topic, %error, reason, "kafka client error");
    }
}

impl ConsumerContext for Observer {}
