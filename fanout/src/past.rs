//! What a node no longer holds in memory: the log before its rings, and older snapshots.
//!
//! Invariants: concurrent resumes share one read; the number of readers and the bytes kept are bounded.

use std::sync::Arc;
use std::time::Duration;

use platform::ports::{LogError, Record};
use platform::unknown::UnknownError;
use schemas::position::Offset;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::event::Entry;
use crate::lanes::Lane;
use crate::single_flight::SingleFlight;
use crate::snapshot::{Snapshot, SnapshotId};
use crate::unknown::{Judge, NewerRules};

/// Offsets that are read together.
const BLOCK: Offset = 2_048;
const KEPT_BYTES: usize = 32 * 1024 * 1024;
const KEPT_SNAPSHOT_BYTES: usize = 1024 * 1024;
/// Blocks that are read at once.
const READERS: usize = 16;
const READ_WITHIN: Duration = Duration::from_secs(20);

pub struct Past {
    judge: Arc<Judge>,
    /// Rules that a read has met and that this build does not know; they end the node.
    newer: watch::Sender<Option<NewerRules>>,
    readers: Semaphore,
    blocks: SingleFlight<Span, Arc<Block>, Unread>,
    snapshots: SingleFlight<SnapshotId, Option<Arc<Snapshot>>, Unread>,
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
    /// The log no longer keeps it.
    #[error("no longer kept")]
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
    pub fn new(judge: Arc<Judge>) -> Self {
        Self {
            judge,
            newer: watch::Sender::new(None),
            readers: Semaphore::new(READERS),
            blocks: SingleFlight::new(KEPT_BYTES, |block| block.bytes()),
            snapshots: SingleFlight::new(KEPT_SNAPSHOT_BYTES, |snapshot| {
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
        let Judge { log, lanes, .. } = &*self.judge;
        let (topic, partition) = (lanes.topic(lane), lanes.partition(lane));
        let low = log.marks(topic, partition).await?.low;
        if from < low {
            return Err(Unread::Gone);
        }
        let mut reader = log.read(topic, partition, start.max(low)).await?;
        let mut entries: Vec<Entry> = vec![];
        while entries.last().is_none_or(|last| last.offset + 1 < end) {
            for record in reader.next().await? {
                entries.push(self.entry(lane, record).await?);
            }
        }
        entries.retain(|entry| entry.offset < end);
        Ok(Arc::new(Block { entries, end }))
    }

    async fn entry(&self, lane: Lane, record: Record) -> Result<Entry, Unread> {
        let unknown = match Entry::read(self.judge.lanes, lane, record) {
            Ok(entry) => return Ok(entry),
            Err(unknown) => unknown,
        };
        match self.judge.is_poison(&unknown).await {
            Ok(true) => Ok(Entry::poison(lane, unknown.offset, &unknown)),
            Ok(false) => Err(Unread::Unavailable(unknown.to_string())),
            Err(error) => {
                let reason = error.to_string();
                if let UnknownError::Newer(newer) = error {
                    self.newer.send_replace(Some(newer));
                }
                Err(Unread::Unavailable(reason))
            }
        }
    }

    /// Resolves when a read has met rules that this build does not know.
    pub fn newer_rules(&self) -> impl Future<Output = NewerRules> + Send + use<> {
        let mut newer = self.newer.subscribe();
        async move {
            match newer.wait_for(Option::is_some).await.map(|newer| newer.clone()) {
                Ok(Some(newer)) => newer,
                // The sender is gone with the node.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        }
    }

    /// A snapshot that some node has stored, if it is still kept.
    pub async fn snapshot(&self, id: SnapshotId) -> Result<Option<Arc<Snapshot>>, Unread> {
        let load = async || {
            let loaded = Snapshot::load(&*self.judge.tables, &id).await;
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
