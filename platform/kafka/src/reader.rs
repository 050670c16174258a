//! A reader of one partition.
//!
//! Invariants:
//! - Its position moves only together with the records that it hands out, so a wait that is given
//!   up loses nothing.
//! - A place that is gone is said to be; nothing is skipped or replayed instead.
//! - What is in the log is read in the end: a fetch that librdkafka has forgotten is begun anew.
//! - What is fetched ahead waits in a queue of its own in librdkafka, which is bounded: a reader
//!   that is behind holds up nobody, as librdkafka then fetches the others only.

mod lane;
mod record;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use platform::ports::{LogError, Reader, Record};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use schemas::position::Offset;
use tokio_util::sync::CancellationToken;

use crate::error::{closed, unavailable};
use crate::metrics::Metrics;
use crate::queries::{Queries, off_thread};
use lane::PartitionSlot;
pub(crate) use lane::{Haste, Lanes, Source};

const PAGE_RECORDS: usize = 512;
const PAGE_BYTES: usize = 1024 * 1024;
/// A waiting reader looks by itself so often: a wake-up that librdkafka forgot costs no more.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(crate) struct KafkaReader {
    lanes: Lanes,
    queries: Queries,
    metrics: Metrics,
    closed: CancellationToken,
    source: Source,
    position: Offset,
    standing: Standing,
    silence: Silence,
}

/// How long a reader has got nothing.
struct Silence {
    /// Of so much it asks whether there is something.
    most: Duration,
    since: Instant,
    /// Where it stood when it was told that there is.
    owed_at: Option<Offset>,
}

impl Silence {
    fn new(most: Duration) -> Self {
        Self { most, since: Instant::now(), owed_at: None }
    }

    fn is_long(&self) -> bool {
        self.since.elapsed() >= self.most
    }
}

enum Standing {
    InSlot(PartitionSlot),
    /// To be in a slot at its position.
    Away,
    /// Kafka refused its position.
    Refused,
}

impl KafkaReader {
    pub(crate) async fn open(
        lanes: Lanes,
        queries: Queries,
        metrics: Metrics,
        closed: CancellationToken,
        source: Source,
        from: Offset,
    ) -> Result<Self, LogError> {
        // Negative offsets are names of places to Kafka.
        let standing = if from < 0 { Standing::Refused } else { Standing::Away };
        let silence = Silence::new(lanes.stalled_after());
        let mut reader = Self { lanes, queries, metrics, closed, source, position: from, standing, silence };
        reader.sit().await?;
        Ok(reader)
    }

    /// Takes a slot if it has none. May be given up at any time.
    async fn sit(&mut self) -> Result<(), LogError> {
        if let Standing::Refused = self.standing {
            let marks = self.queries.marks(self.source.topic, self.source.partition).await?;
            if !(marks.low..=marks.end).contains(&self.position) {
                return Err(LogError::OutOfRange { wanted: self.position, marks });
            }
            // The refusal was of a moment, such as a change of leaders.
            self.standing = Standing::Away;
        }
        if let Standing::Away = self.standing {
            let (lanes, source, from) = (self.lanes.clone(), self.source, self.position);
            let slot = off_thread(move || lanes.sit(source, from)).await?;
            self.standing = Standing::InSlot(slot);
        }
        Ok(())
    }

    /// What is fetched already, as far as it goes into one page.
    fn take(&mut self) -> Result<Vec<Record>, LogError> {
        let Standing::InSlot(slot) = &self.standing else { return Ok(Vec::new()) };
        let (mut page, mut bytes) = (Vec::new(), 0);
        while page.len() < PAGE_RECORDS && bytes < PAGE_BYTES {
            match slot.poll() {
                None => break,
                Some(Ok(record)) => {
                    bytes += record.value.len();
                    page.push(record);
                }
                Some(Err(error)) => {
                    let error = self.fail(error);
                    // What was read before it comes first; the error is found again after.
                    return if page.is_empty() { Err(error) } else { Ok(self.hand_out(page)) };
                }
            }
        }
        Ok(self.hand_out(page))
    }

    fn hand_out(&mut self, page: Vec<Record>) -> Vec<Record> {
        if let Some(last) = page.last() {
            self.position = last.offset + 1;
            self.silence = Silence::new(self.silence.most);
        }
        page
    }

    /// Asks whether there is something. What was there a silence ago already is not on its way any more:
    /// the slot is left.
    async fn ask_why_silent(&mut self) {
        self.silence.since = Instant::now();
        // Who cannot be asked cannot be read from either.
        let Source { topic, partition, .. } = self.source;
        let Ok(marks) = self.queries.marks(topic, partition).await else { return };
        let owed_at = (marks.end > self.position).then_some(self.position);
        let was_owed = self.silence.owed_at == owed_at;
        self.silence.owed_at = owed_at;
        if let (Some(position), true) = (owed_at, was_owed) {
            let topic = topic.name;
            tracing::warn!(
                topic,
                partition,
                position,
                end = marks.end,
                "nothing is fetched: assigned a new slot"
            );
            self.metrics.reader_error(topic);
            self.standing = Standing::Away;
        }
    }

    /// Leaves the slot, to take another one at the same position.
    fn fail(&mut self, error: KafkaError) -> LogError {
        self.metrics.reader_error(self.source.topic.name);
        self.standing = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => Standing::Refused,
            _ => Standing::Away,
        };
        unavailable(error)
    }
}

#[async_trait]
impl Reader for KafkaReader {
    async fn next(&mut self) -> Result<Vec<Record>, LogError> {
        // Records may be there for long; whoever reads them all must not starve its neighbours.
        tokio::task::consume_budget().await;
        loop {
            self.sit().await?;
            match self.take() {
                Ok(page) if page.is_empty() => {}
                // Asks for the marks, and says what they are.
                Err(_) if matches!(self.standing, Standing::Refused) => {
                    self.sit().await?;
                    return Err(LogError::Unavailable("the position was refused for a moment".into()));
                }
                taken => return taken,
            }
            if self.silence.is_long() {
                self.ask_why_silent().await;
            }
            let Standing::InSlot(slot) = &self.standing else { continue };
            tokio::select! {
                () = slot.ready() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.closed.cancelled() => return Err(closed()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
