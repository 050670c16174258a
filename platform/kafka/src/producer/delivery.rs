//! What becomes of each queued record.
//!
//! Invariant: every record that librdkafka took gets exactly one answer, and only then gives its
//! room in the queue back.

use std::sync::{Arc, OnceLock, Weak};

use platform::ports::LogError;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::statistics::Statistics;
use schemas::position::Offset;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::Producer;
use crate::observer::Observer;

/// Goes with a record, and comes back with its outcome.
pub(super) struct Delivery {
    pub(super) done: oneshot::Sender<Result<Offset, LogError>>,
    pub(super) room: OwnedSemaphorePermit,
}

/// Hears of outcomes, on the producer's own thread.
pub(super) struct Deliveries {
    observer: Observer,
    /// Closed at the first failure.
    producer: OnceLock<Weak<Producer>>,
}

impl Deliveries {
    pub(super) fn new(observer: Observer) -> Self {
        Self { observer, producer: OnceLock::new() }
    }

    pub(super) fn report_to(&self, producer: &Arc<Producer>) {
        // Set once, by the producer that has just been made.
        let _ = self.producer.set(Arc::downgrade(producer));
    }

    fn fail(&self, why: &str) {
        // Of a producer that is being dropped nothing more is sent anyway.
        if let Some(producer) = self.producer.get().and_then(Weak::upgrade) {
            producer.fail(why);
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Delivery>;

    /// Whatever the reason is, the record may have been appended: it may have been sent before, and
    /// librdkafka's word on that does not come this far.
    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Self::DeliveryOpaque) {
        let Delivery { done, room } = *delivery;
        let answer = match result {
            Ok(message) => Ok(message.offset()),
            Err((error, message)) => {
                self.observer.metrics.delivery_error(message.topic());
                self.fail(&error.to_string());
                Err(LogError::Unknown(error.to_string()))
            }
        };
        // Whoever waits no longer does not want to know.
        let _ = done.send(answer);
        drop(room);
    }
}

impl ClientContext for Deliveries {
    fn stats(&self, statistics: Statistics) {
        self.observer.stats(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.fail(reason);
        }
        self.observer.error(error, reason);
    }
}
