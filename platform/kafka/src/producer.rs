//! The one producer: queues records, and resolves their receipts.
//!
//! Invariants:
//! - Records of one caller reach librdkafka in the order in which its calls complete, and are
//!   appended in that order without gap.
//! - The first failed delivery closes the producer; what is queued then is withdrawn before
//!   anything else is sent, and nothing is queued after it.
//! - A full queue is waited for, in the order of asking; nothing is polled for.

mod delivery;
mod failure;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use platform::ports::{LogError, Receipt};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, PurgeConfig};
use schemas::position::Partition;
use schemas::record::Outgoing;
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, RECORD_OVERHEAD_BYTES};
use crate::error::ConnectError;
use crate::locked;
use crate::metrics::{Metrics, Role};
use crate::names::Names;
use crate::observer::Observer;
use crate::threads::Threads;
use delivery::{Deliveries, Delivery};
use failure::Failure;

/// How long the polling thread may be blind to being stopped. The client library waits for whole
/// milliseconds and is busy for what is left of one, so it is asked rarely, and not for a round time.
const POLL: Duration = Duration::from_micros(250_100);
/// How long a producer that is ended still delivers what is queued.
const LONGEST_DRAIN: Duration = Duration::from_secs(2);
const DRAIN_POLL: Duration = Duration::from_millis(5);

type Native = BaseProducer<Deliveries>;

pub(crate) struct Producer {
    native: Native,
    names: Names,
    failure: Failure,
    room: Arc<Semaphore>,
    queue_bytes: usize,
    /// Between the last look at the failure and the hand-over nothing may come: a record that is
    /// queued after the queue was emptied would be appended behind a gap.
    gate: Mutex<()>,
}

impl Producer {
    pub(crate) fn start(
        config: &Config,
        metrics: &Metrics,
        threads: &Threads,
    ) -> Result<Arc<Self>, ConnectError> {
        let deliveries = Deliveries::new(Observer::new(Role::Producer, "", metrics));
        let native: Native =
            config.producer().create_with_context(deliveries).map_err(ConnectError::Client)?;
        let producer = Arc::new(Self {
            native,
            names: config.names(),
            failure: Failure::default(),
            room: Arc::new(Semaphore::new(config.queue_bytes)),
            queue_bytes: config.queue_bytes,
            gate: Mutex::default(),
        });
        producer.native.context().report_to(&producer);
        let (served, stop) = (Arc::clone(&producer), threads.stop());
        threads.spawn("kafka-producer", move || served.serve(&stop))?;
        Ok(producer)
    }

    /// Queues a record; waits while there is no room.
    pub(crate) async fn enqueue(&self, record: Outgoing, partition: Partition) -> Result<Receipt, LogError> {
        // What weighs more than the whole queue goes through it alone.
        let weight = (record.size() + RECORD_OVERHEAD_BYTES).min(self.queue_bytes) as u32;
        let room = tokio::select! {
            biased;
            () = self.failure.happened() => return Err(self.failure.closed()),
            room = Arc::clone(&self.room).acquire_many_owned(weight) => {
                room.map_err(|_| self.failure.closed())?
            }
        };
        let (done, delivered) = oneshot::channel();
        self.send(&record, partition, Box::new(Delivery { done, room }))?;
        Ok(Box::pin(async move {
            let unknown = || Err(LogError::Unknown("the producer ended before it was told".into()));
            delivered.await.unwrap_or_else(|_| unknown())
        }))
    }

    fn send(&self, record: &Outgoing, partition: Partition, delivery: Box<Delivery>) -> Result<(), LogError> {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (key, value) in &record.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let to_send = BaseRecord {
            topic: self.names.of(record.topic),
            partition: Some(partition),
            payload: Some(&record.value),
            key: record.key.as_ref(),
            timestamp: None,
            headers: Some(headers),
            delivery_opaque: delivery,
        };
        let gate = locked(&self.gate);
        if self.failure.is_set() {
            return Err(self.failure.closed());
        }
        let refused = match self.native.send(to_send) {
            Ok(()) => return Ok(()),
            Err((error, _)) => error,
        };
        match refused {
            KafkaError::MessageProduction(RDKafkaErrorCode::Fatal) => {
                drop(gate);
                self.fail(&refused.to_string());
                Err(self.failure.closed())
            }
            // Of this record alone, which was not queued: too large, say.
            _ => Err(LogError::Unavailable(refused.to_string())),
        }
    }

    /// Closes, and withdraws what is queued. The first reason is the one that counts.
    fn fail(&self, why: &str) {
        let first = {
            let _gate = locked(&self.gate);
            self.failure.set(why)
        };
        if first {
            tracing::error!(why, "kafka producer closed");
            self.native.purge(PurgeConfig::default().queue().inflight());
        }
    }

    /// Serves deliveries until `stop`; what is queued then is still delivered, for a time.
    fn serve(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            self.native.poll(POLL);
        }
        {
            let _gate = locked(&self.gate);
            self.failure.set("the log was closed");
        }
        let deadline = Instant::now() + LONGEST_DRAIN;
        while self.native.in_flight_count() > 0 && Instant::now() < deadline {
            self.native.poll(DRAIN_POLL);
        }
    }
}
