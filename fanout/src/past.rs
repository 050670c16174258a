//! What a node does not hold in memory any more: the log before its rings, and older snapshots.
//!
//! Invariants: it is read once for all who resume at the same time, by a bounded number of readers;
//! what is kept of it is bounded.

use std::sync::Arc;
use std::time::Duration;

use platform::ports::{Log, LogError, Tables};
use schemas::position::Offset;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::event::Entry;
use crate::lanes::{Lane, Lanes};
use crate::once::Once;
use crate::snapshot::{Snapshot, SnapshotId};

/// Offsets that are read together.
const BLOCK: Offset = 2_048;
const KEPT_BYTES: usize = 32 * 1024 * 1024;
const KEPT_SNAPSHOT_BYTES: usize = 1024 * 1024;
/// Blocks that are read at once.
const READERS: usize = 16;
const READ_WITHIN: Duration = Duration::from_secs(20);

pub struct Past {
    log: Arc<dyn Log>,
    tables: Arc<dyn Tables>,
    lanes: Lanes,
    readers: Semaphore,
    blocks: Once<Span, Arc<Block>, Unread>,
    snapshots: Once<SnapshotId, Option<Arc<Snapshot>>, Unread>,
}

/// Offsets of a lane from `start` on, up to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    lane: Lane,
    start: Offset,
    end: Offset,
}

/// What stands at some offsets of a lane, in order.
pub struct Block {
    entries: Vec<Entry>,
    /// The offset that goes on behind it.
    pub end: Offset,
}

impl Block {
    pub fn since(&self, from: Offset) -> &[Entry] {
        &self.entries[self.entries.partition_point(|entry| entry.offset < from)..]
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.event.as_ref().map_or(64, |event| event.bytes)).sum()
    }
}

/// Why the past cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The log does not keep it any more.
    #[error("not kept any more")]
    Gone,
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl From<LogError> for Unread {
    fn from(error: LogError) -> Self {
        match error {
            LogError::OutOfRange { .. } => Self::Gone,
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl Past {
    pub fn new(log: Arc<dyn Log>, tables: Arc<dyn Tables>, lanes: Lanes) -> Self {
        Self {
            log,
            tables,
            lanes,
            readers: Semaphore::new(READERS),
            blocks: Once::new(KEPT_BYTES, |block| block.bytes()),
            snapshots: Once::new(KEPT_SNAPSHOT_BYTES, |snapshot| {
                snapshot.as_ref().map_or(0, |snapshot| size_of_val(&*snapshot.positions))
            }),
        }
    }

    /// The block that `from` lies in, as far as `until`, up to which the log is known to reach.
    pub async fn read(&self, lane: Lane, from: Offset, until: Offset) -> Result<Arc<Block>, Unread> {
        let start = from - from % BLOCK;
        let span = Span { lane, start, end: until.min(start + BLOCK) };
        self.blocks.get_or_make(span, async || self.in_time(self.load(span, from)).await).await
    }

    async fn load(&self, span: Span, from: Offset) -> Result<Arc<Block>, Unread> {
        let Span { lane, start, end } = span;
        let (topic, partition) = (self.lanes.topic(lane), self.lanes.partition(lane));
        let low = self.log.marks(topic, partition).await?.low;
        if from < low {
            return Err(Unread::Gone);
        }
        let mut reader = self.log.read(topic, partition, start.max(low)).await?;
        let mut entries: Vec<Entry> = vec![];
        while entries.last().is_none_or(|last| last.offset + 1 < end) {
            let records = reader.next().await?;
            entries.extend(records.into_iter().map(|record| Entry::read(self.lanes, lane, record)));
        }
        entries.retain(|entry| entry.offset < end);
        Ok(Arc::new(Block { entries, end }))
    }

    /// A snapshot that some node has stored, if it is still kept.
    pub async fn snapshot(&self, id: SnapshotId) -> Result<Option<Arc<Snapshot>>, Unread> {
        let load = async || {
            let loaded = Snapshot::load(&*self.tables, &id).await;
            let loaded = loaded.map_err(|error| Unread::Unavailable(error.to_string()))?;
            Ok(loaded.map(Arc::new))
        };
        self.snapshots.get_or_make(id, load).await
    }

    async fn in_time<T>(&self, read: impl Future<Output = Result<T, Unread>>) -> Result<T, Unread> {
        let late = |_| Unread::Unavailable("the log does not answer in time".to_owned());
        timeout(READ_WITHIN, async {
            let _reader = self.readers.acquire().await;
            read.await
        })
        .await
        .map_err(late)?
    }
}
