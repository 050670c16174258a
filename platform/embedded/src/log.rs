//! The log on fjall: one keyspace of records, one thread that appends, readers beside it.
//!
//! Invariants:
//! - A partition's offsets have no gap. An error of the store closes the log for good.
//! - Appends are committed in groups: whatever is queued becomes one batch.
//! - Readers at the end read memory, all others the store; none of them delays an append.

mod appender;
mod group;
mod membership;
mod partition;
mod reader;
mod record;
mod retention;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use fjall::{Database, Keyspace};
use platform::clock::SharedClock;
use platform::ports::{Log, LogError, Marks, Membership, Reader, Receipt, Record};
use schemas::position::{LogTime, Offset, Partition};
use schemas::record::Outgoing;
use schemas::topics::{self, Partitions, Topic};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::committer::{Closed, Committer};
use crate::health::Health;
use crate::meta::Meta;
use crate::store::OpenError;
use appender::{Appender, Command};
use membership::Groups;
use partition::{PartitionLog, ReadError};
use reader::EmbeddedReader;

/// The topics of [`schemas::topics`] in a folder. Opened by [`crate::Store`].
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    committer: Arc<Committer<Command>>,
    groups: Groups,
    partitions: Partition,
    session_timeout: Duration,
}

/// What readers, members and the appending thread have in common.
struct Shared {
    database: Database,
    records: Keyspace,
    meta: Meta,
    clock: SharedClock,
    /// By name.
    topics: HashMap<&'static str, Vec<Arc<PartitionLog>>>,
    health: Arc<Health>,
    /// Nothing is appended any more, by whatever reason.
    closed: CancellationToken,
}

impl EmbeddedLog {
    pub(crate) fn open(
        database: Database,
        records: Keyspace,
        meta: Meta,
        clock: SharedClock,
        health: Arc<Health>,
        partitions: Partition,
        session_timeout: Duration,
    ) -> Result<Self, OpenError> {
        let mut by_name = HashMap::new();
        for topic in topics::ALL {
            let wanted = count(topic, partitions);
            let stored = meta.topic(topic.name, wanted)?;
            if stored.partitions != wanted {
                return Err(OpenError::Partitions { topic: topic.name, stored: stored.partitions, wanted });
            }
            let mut all = Vec::new();
            for number in 0..wanted {
                let low = meta.low(stored.id, number)?;
                all.push(Arc::new(PartitionLog::recover(&records, topic, stored.id, number, low)?));
            }
            by_name.insert(topic.name, all);
        }
        let shared = Arc::new(Shared {
            database,
            records,
            meta,
            clock,
            topics: by_name,
            health: Arc::clone(&health),
            closed: health.token(),
        });
        let mut appender = Appender::new(Arc::clone(&shared));
        let committer = Committer::start("log-appends", health, move |group| appender.commit(group))?;
        let groups = Groups::default();
        Ok(Self { shared, committer: Arc::new(committer), groups, partitions, session_timeout })
    }

    /// Removes records that their topics keep no longer at `now`; says how many.
    ///
    /// The store does this every minute by itself. Blocks for as long as it takes.
    pub fn retain(&self, now: LogTime) -> Result<u64, LogError> {
        self.shared.retain(now)
    }

    /// Appends what is queued; refuses everything after.
    pub(crate) fn close(&self) {
        self.committer.close();
        self.shared.closed.cancel();
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.close();
    }
}

#[async_trait]
impl Log for EmbeddedLog {
    fn partitions(&self, topic: &'static Topic) -> Partition {
        count(topic, self.partitions)
    }

    async fn enqueue(&self, record: Outgoing) -> Result<Receipt, LogError> {
        if let Some(closed) = self.shared.failure() {
            return Err(closed);
        }
        let number = record.partition(self.partitions(record.topic));
        let to = self.shared.partition(record.topic, number)?;
        let (done, appended) = oneshot::channel();
        let bytes = record.size();
        self.committer
            .push(Command::Append { to, record, done }, bytes)
            .await
            .map_err(|Closed| self.shared.why_closed())?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::pin(async move { shared.answer(appended).await }))
    }

    async fn read(
        &self,
        topic: &'static Topic,
        partition: Partition,
        from: Offset,
    ) -> Result<Box<dyn Reader>, LogError> {
        let partition = self.shared.partition(topic, partition)?;
        partition.admit(from)?;
        Ok(Box::new(EmbeddedReader::new(Arc::clone(&self.shared), partition, from)))
    }

    async fn join(&self, group: &str, topic: &'static Topic) -> Result<Box<dyn Membership>, LogError> {
        let member = self.groups.join(&self.shared, &self.committer, group, topic, self.session_timeout)?;
        Ok(Box::new(member))
    }

    async fn marks(&self, topic: &'static Topic, partition: Partition) -> Result<Marks, LogError> {
        Ok(self.shared.partition(topic, partition)?.marks())
    }

    /// Looks at one record after the other from the low mark on: times may go backwards with the
    /// clock, so the first in offset order is found by no search.
    async fn position_at(
        &self,
        topic: &'static Topic,
        partition: Partition,
        time: LogTime,
    ) -> Result<Offset, LogError> {
        let partition = self.shared.partition(topic, partition)?;
        let mut position = partition.marks().low;
        loop {
            let page = match self.shared.page(&partition, position) {
                // Retention runs beside this; what it takes is not the answer.
                Err(LogError::OutOfRange { marks, .. }) if position < marks.low => {
                    position = marks.low;
                    continue;
                }
                page => page?,
            };
            if let Some(found) = page.iter().find(|record| record.time >= time) {
                return Ok(found.offset);
            }
            match page.last() {
                Some(last) => position = last.offset + 1,
                None => return Ok(position),
            }
            tokio::task::yield_now().await;
        }
    }
}

impl Shared {
    fn partitions_of(&self, topic: &'static Topic) -> Result<&[Arc<PartitionLog>], LogError> {
        self.topics
            .get(topic.name)
            .map(Vec::as_slice)
            .ok_or(LogError::NoSuchPartition { topic: topic.name, partition: 0 })
    }

    fn partition(&self, topic: &'static Topic, number: Partition) -> Result<Arc<PartitionLog>, LogError> {
        let all = self.partitions_of(topic)?;
        usize::try_from(number)
            .ok()
            .and_then(|number| all.get(number))
            .cloned()
            .ok_or(LogError::NoSuchPartition { topic: topic.name, partition: number })
    }

    fn page(&self, partition: &PartitionLog, from: Offset) -> Result<Vec<Record>, LogError> {
        partition.page(&self.database, &self.records, from)
    }

    async fn answer<T>(&self, answer: oneshot::Receiver<Result<T, LogError>>) -> Result<T, LogError> {
        let unknown = || Err(LogError::Unknown("the store failed before it answered".into()));
        self.health.answer(answer).await.unwrap_or_else(unknown)
    }

    fn failure(&self) -> Option<LogError> {
        self.health.failure().map(|why| LogError::Closed(why.to_owned()))
    }

    fn why_closed(&self) -> LogError {
        self.failure().unwrap_or_else(|| LogError::Closed("the store was closed".into()))
    }
}

fn count(topic: &Topic, of_the_epoch: Partition) -> Partition {
    match topic.partitions {
        Partitions::Epoch => of_the_epoch,
        Partitions::Fixed(count) => count,
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => Self::Unreadable(error),
            ReadError::Malformed(_) => Self::Malformed,
        }
    }
}
