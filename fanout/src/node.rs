//! A node: follows every lane into the hub, takes and stores snapshots, and ends with its process.
//!
//! Invariant: a node starts at a settled snapshot and is ready once it has reached the ends that
//! the lanes had then, so a socket that it lets in can be brought up to date.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::try_join_all;
use platform::clock::Clock;
use platform::ports::{Log, LogError, Tables, TablesError};
use platform::retry;
use schemas::position::LogTime;
use schemas::topics::EVENTS;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::cursor::CursorKey;
use crate::hub::Hub;
use crate::lanes::{Lane, Lanes, Position};
use crate::snapshot::{Snapshot, SnapshotId};

pub struct Node {
    pub hub: Hub,
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub options: Options,
    pub cursor_key: CursorKey,
    clock: Arc<dyn Clock>,
    /// Lanes that have not reached the end that they had at the start.
    behind: AtomicUsize,
    ready: watch::Sender<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Tables(#[from] TablesError),
}

impl Node {
    /// A node at the newest settled snapshot, or at the start of what the log holds.
    pub async fn new(
        log: Arc<dyn Log>,
        tables: Arc<dyn Tables>,
        clock: Arc<dyn Clock>,
        cursor_key: CursorKey,
        options: Options,
    ) -> Result<Arc<Self>, NodeError> {
        let lanes = Lanes { partitions: log.partitions(&EVENTS) };
        let settled = match Snapshot::newest_settled(&*tables, lanes, clock.now()).await? {
            Some(settled) => settled,
            None => first_snapshot(&*log, &*tables, &*clock, lanes).await?,
        };
        let hub = Hub::new(lanes, settled, options.ring_bytes, options.queue);
        Ok(Arc::new(Self {
            hub,
            log,
            tables,
            options,
            cursor_key,
            clock,
            behind: AtomicUsize::new(lanes.count()),
            ready: watch::Sender::new(false),
        }))
    }

    /// Follows the lanes until `stop`; ends early only with an error, which is fatal.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), NodeError> {
        let lanes = try_join_all(self.hub.lanes.all().map(|lane| self.follow(lane)));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = lanes => ended.map(|_| ()),
            () = self.snapshots() => Ok(()),
        }
    }

    /// Becomes true once the node has caught up.
    pub fn readiness(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    pub fn now(&self) -> LogTime {
        self.clock.now()
    }

    async fn follow(&self, lane: Lane) -> Result<(), NodeError> {
        let (topic, partition) = (self.hub.lanes.topic(lane), self.hub.lanes.partition(lane));
        let start = self.hub.positions()[lane.0 as usize].next;
        let end = self.log.marks(topic, partition).await?.end;
        let mut reader = self.log.read(topic, partition, start).await?;
        let mut caught_up = start >= end;
        if caught_up {
            self.caught_up();
        }
        loop {
            let records = retry::next_records(&*self.clock, reader.as_mut()).await?;
            let next = records.last().map_or(0, |record| record.offset + 1);
            self.hub.enter(lane, records);
            if !caught_up && next >= end {
                caught_up = true;
                self.caught_up();
            }
        }
    }

    fn caught_up(&self) {
        if self.behind.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.ready.send_replace(true);
        }
    }

    /// Stores a snapshot every so often, and notes which of them are settled.
    async fn snapshots(&self) {
        let mut unsettled: Option<Arc<Snapshot>> = None;
        let mut last = self.hub.positions();
        loop {
            self.clock.sleep(self.options.snapshot_every).await;
            let taken = async {
                if let Some(snapshot) = unsettled.take() {
                    if snapshot.is_settled(&*self.tables, self.hub.lanes).await? {
                        self.hub.settle(snapshot);
                    } else {
                        unsettled = Some(snapshot);
                    }
                }
                let positions = self.hub.positions();
                let moved = positions != last;
                let old = self.clock.now() - self.hub.newest().id.taken_at() > REFRESH_MS;
                if unsettled.is_none() && (moved || old) {
                    let id = SnapshotId::new(self.clock.now(), rand::random());
                    let snapshot = Arc::new(Snapshot { id, positions: positions.clone() });
                    snapshot.store(&*self.tables).await?;
                    self.hub.adopt(snapshot.clone());
                    unsettled = Some(snapshot);
                    last = positions;
                }
                Ok::<(), TablesError>(())
            };
            if let Err(error) = taken.await {
                tracing::warn!(%error, "no snapshot this time");
            }
        }
    }
}

/// How old the newest snapshot may be on a node where nothing happens: cursors refer to it, and
/// snapshots are kept for a day.
const REFRESH_MS: i64 = 60 * 60 * 1_000;

/// Where a system begins that has no snapshot: the rows are at least as new as what the log has lost.
async fn first_snapshot(
    log: &dyn Log,
    tables: &dyn Tables,
    clock: &dyn Clock,
    lanes: Lanes,
) -> Result<Snapshot, NodeError> {
    let mut positions = Vec::with_capacity(lanes.count());
    for lane in lanes.all() {
        let low = log.marks(lanes.topic(lane), lanes.partition(lane)).await?.low;
        positions.push(Position { next: low, number: None });
    }
    let snapshot = Snapshot { id: SnapshotId::new(clock.now(), rand::random()), positions };
    snapshot.store(tables).await?;
    Ok(snapshot)
}
