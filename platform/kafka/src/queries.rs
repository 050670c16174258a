//! Marks and positions, asked of the brokers.
//!
//! Invariants:
//! - Every question has a deadline and is asked off the async threads; so many at once, no more.
//! - A broker that cannot answer yet, as after a change of leaders, is asked again until then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::ports::{LogError, Marks};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset as Place, TopicPartitionList};
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::Semaphore;

use crate::error::{closed, unavailable};
use crate::names::Names;
use crate::observer::Observer;

/// Questions in flight. Each occupies a thread while it waits.
const AT_ONCE: usize = 8;
/// Between two attempts at one.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone)]
pub(crate) struct Queries {
    consumer: Arc<BaseConsumer<Observer>>,
    names: Names,
    turns: Arc<Semaphore>,
    timeout: Duration,
}

impl Queries {
    pub(crate) fn new(consumer: Arc<BaseConsumer<Observer>>, names: Names, timeout: Duration) -> Self {
        Self { consumer, names, turns: Arc::new(Semaphore::new(AT_ONCE)), timeout }
    }

    pub(crate) async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError> {
        let name = self.names.of(topic).to_owned();
        self.ask(move |consumer, timeout| {
            let (low, end) = consumer.fetch_watermarks(&name, partition, timeout)?;
            Ok(Marks { low, end })
        })
        .await
    }

    /// Offset of the first record at or after `time`; nothing if there is none.
    pub(crate) async fn position_at(
        &self,
        topic: &'static Topic,
        partition: Partition,
        time: LogTime,
    ) -> Result<Option<Offset>, LogError> {
        let name = self.names.of(topic).to_owned();
        self.ask(move |consumer, timeout| {
            let mut times = TopicPartitionList::new();
            // Negative times mean something else to Kafka.
            times.add_partition_offset(&name, partition, Place::Offset(time.max(0)))?;
            offset_of(&consumer.offsets_for_times(times, timeout)?, &name, partition)
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&BaseConsumer<Observer>, Duration) -> KafkaResult<T> + Send + 'static,
    ) -> Result<T, LogError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| closed())?;
        let (consumer, timeout) = (Arc::clone(&self.consumer), self.timeout);
        off_thread(move || {
            let answer = until_answered(timeout, |left| question(&consumer, left));
            drop(turn);
            answer
        })
        .await
    }
}

/// Asks again, with what time is left, until there is an answer or none is left. Blocks.
pub(crate) fn until_answered<T>(
    timeout: Duration,
    question: impl Fn(Duration) -> KafkaResult<T>,
) -> Result<T, LogError> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match question(left.max(PAUSE)) {
            Ok(answer) => return Ok(answer),
            Err(error) if left <= PAUSE => return Err(unavailable(error)),
            Err(error) => tracing::debug!(%error, "asking again"),
        }
        std::thread::sleep(PAUSE);
    }
}

/// The offset that an answer has for the partition; nothing if it says that there is none.
pub(crate) fn offset_of(
    answer: &TopicPartitionList,
    name: &str,
    partition: Partition,
) -> KafkaResult<Option<Offset>> {
    let found = answer.find_partition(name, partition);
    let found = found.ok_or(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition))?;
    found.error()?;
    Ok(match found.offset() {
        Place::Offset(offset) => Some(offset),
        _ => None,
    })
}

/// Runs what blocks on a thread for that.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is ending.
        Err(_) => Err(closed()),
    }
}
