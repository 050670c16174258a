//! A node: follows every lane, completes what it reads and gives it to the hubs, takes and stores snapshots,
//! and ends with its process.
//!
//! Invariants: a node starts at a settled snapshot and is ready once it has reached the ends that the lanes
//! had then, so an admitted socket can be brought up to date; no event is passed over unjudged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use awareness::Awareness;
use futures::future::try_join_all;
use platform::clock::Clock;
use platform::ports::{Log, LogError, Record, Tables, TablesError};
use platform::retry;
use platform::telemetry::Stage;
use platform::unknown::UnknownError;
use schemas::position::LogTime;
use schemas::topics::EVENTS;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::Options;
use crate::completion::Completions;
use crate::cursor::CursorKey;
use crate::event::{Entry, Event};
use crate::hub::Hub;
use crate::lanes::{Lane, Lanes, Position};
use crate::past::Past;
use crate::presence::{Devices, Present};
use crate::record_batch::RecordBatch;
use crate::render::{Renderings, Selections};
use crate::snapshot::{Snapshot, SnapshotId};
use crate::socket::quotas::Quotas;
use crate::typing::Typists;
use crate::unknown::{Judge, NewerRules};

pub struct Node {
    /// One for each shard; each is given everything.
    pub hubs: Vec<Arc<Hub>>,
    pub renderings: Renderings,
    pub completions: Completions,
    pub selections: Selections,
    pub past: Past,
    pub quotas: Arc<Quotas>,
    pub lanes: Lanes,
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub options: Options,
    pub cursor_key: CursorKey,
    pub clock: Arc<dyn Clock>,
    pub awareness: Arc<Awareness>,
    pub typists: Typists,
    pub present: Present,
    pub devices: Arc<Devices>,
    judge: Arc<Judge>,
    /// To each hub's shard, which enters what it receives: the thread that fills a queue also empties it, so
    /// the memory of a queue stays with one processor.
    doors: Vec<mpsc::Sender<Arc<RecordBatch>>>,
    /// Lanes that have not reached the end that they had at the start.
    behind: AtomicUsize,
    ready: watch::Sender<bool>,
}

/// Receives a hub's batches.
pub type Entrance = mpsc::Receiver<Arc<RecordBatch>>;

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// Update this node: it would miss what the newer rules publish.
    #[error(transparent)]
    NewerRules(#[from] NewerRules),
}

impl From<UnknownError> for NodeError {
    fn from(error: UnknownError) -> Self {
        match error {
            UnknownError::Newer(newer) => newer.into(),
            UnknownError::Tables(error) => error.into(),
            UnknownError::Log(error) => error.into(),
        }
    }
}

impl Node {
    /// A node at the newest settled snapshot, or at the start of what the log holds; and the receivers of its
    /// hubs' batches.
    pub async fn new(
        log: Arc<dyn Log>,
        tables: Arc<dyn Tables>,
        clock: Arc<dyn Clock>,
        awareness: Arc<Awareness>,
        cursor_key: CursorKey,
        options: Options,
    ) -> Result<(Arc<Self>, Vec<Entrance>), NodeError> {
        let lanes = Lanes { partitions: log.partitions(&EVENTS) };
        let settled = match Snapshot::newest_settled(&*tables, lanes, clock.now()).await? {
            Some(settled) => settled,
            None => first_snapshot(&*log, &*tables, &*clock, lanes).await?,
        };
        let settled = Arc::new(settled);
        let hub = |_| Arc::new(Hub::new(lanes, settled.clone(), options.ring_bytes, options.queue));
        let hubs: Vec<_> = (0..shards(&options)).map(hub).collect();
        let (doors, entrances) = hubs.iter().map(|_| mpsc::channel(BATCHES)).unzip();
        let judge = Arc::new(Judge { log: log.clone(), tables: tables.clone(), lanes });
        let node = Arc::new(Self {
            hubs,
            renderings: Renderings::new(RENDERED_BYTES),
            completions: Completions::new(tables.clone()),
            selections: Selections::default(),
            past: Past::new(judge.clone()),
            quotas: Quotas::new(&options),
            devices: Devices::new(format!("{:016x}", rand::random::<u64>()), clock.clone()),
            judge,
            lanes,
            log,
            tables,
            options,
            cursor_key,
            clock,
            awareness,
            typists: Typists::default(),
            present: Present::default(),
            doors,
            behind: AtomicUsize::new(lanes.count()),
            ready: watch::Sender::new(false),
        });
        Ok((node, entrances))
    }

    /// Follows the lanes until `stop`; ends early only with an error, which is fatal.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), NodeError> {
        let lanes = try_join_all(self.lanes.all().map(|lane| self.follow(lane)));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = lanes => ended.map(|_| ()),
            newer = self.past.newer_rules() => Err(newer.into()),
            () = self.snapshots() => Ok(()),
            () = self.follow_typing() => Ok(()),
            () = self.follow_presence() => Ok(()),
            () = self.follow_leaving() => Ok(()),
            () = self.follow_flags() => Ok(()),
            () = self.follow_translations() => Ok(()),
            ended = self.follow_people() => ended.map_err(Into::into),
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

    /// Positions that every hub has reached.
    pub fn positions(&self) -> Vec<Position> {
        let all = self.hubs.iter().map(|hub| hub.positions());
        let least = all.reduce(|least, other| {
            let both = least.into_iter().zip(other);
            both.map(|(one, other)| if other.next < one.next { other } else { one }).collect()
        });
        least.unwrap_or_default()
    }

    async fn follow(&self, lane: Lane) -> Result<(), NodeError> {
        let (topic, partition) = (self.lanes.topic(lane), self.lanes.partition(lane));
        let mut passed = self.positions()[lane.0 as usize];
        let start = passed.next;
        let end = self.log.marks(topic, partition).await?.end;
        let mut reader = if self.lanes.is_lazy(lane) {
            self.log.read_lazily(topic, partition, start).await?
        } else {
            self.log.read(topic, partition, start).await?
        };
        let mut caught_up = start >= end;
        if caught_up {
            self.caught_up();
        }
        loop {
            let records = retry::next_records(&*self.clock, reader.as_mut()).await?;
            let next = records.last().map_or(0, |record| record.offset + 1);
            let entries = self.entries(lane, records).await?;
            self.complete(&mut passed, &entries).await;
            self.end_typing(&entries);
            let catches_up = !caught_up && next >= end;
            caught_up |= catches_up;
            let batch = Arc::new(RecordBatch::new(lane, entries, catches_up, self.hubs.len()));
            for door in &self.doors {
                // A shard that has ended ends the process.
                let _ = door.send(batch.clone()).await;
            }
        }
    }

    /// Reads records as events; a lane stops at one of an unknown schema until that is judged.
    async fn entries(&self, lane: Lane, records: Vec<Record>) -> Result<Vec<Entry>, NodeError> {
        let mut entries = Vec::with_capacity(records.len());
        for record in records {
            entries.push(match Entry::read(self.lanes, lane, record) {
                Ok(entry) => entry,
                Err(unknown) => {
                    self.judge.until_poison(&unknown, &*self.clock).await?;
                    Entry::poison(lane, unknown.offset, &unknown)
                }
            });
        }
        Ok(entries)
    }

    /// Completes the events that may concern a user who is here. Repeats need nothing.
    async fn complete(&self, passed: &mut Position, entries: &[Entry]) {
        let events = entries.iter().filter_map(|entry| entry.event.as_ref());
        let mut others: Vec<&Arc<Event>> =
            events.filter(|event| passed.pass(event.offset, event.number)).collect();
        let mut concerned = vec![];
        for hub in &self.hubs {
            if others.is_empty() {
                break;
            }
            let (more, rest) = hub.part(others);
            concerned.extend(more);
            others = rest;
        }
        if !concerned.is_empty() {
            self.completions.complete(&concerned).await;
        }
    }

    /// A hub has entered a batch.
    pub fn entered(&self, batch: &RecordBatch) {
        if !batch.entered() {
            return;
        }
        let (events, now) = (batch.entries.iter().filter_map(|entry| entry.event.as_ref()), self.now());
        events.for_each(|event| Stage::Fanout.between(event.time(), now));
        if batch.catches_up {
            self.caught_up();
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
        let mut last = self.positions();
        loop {
            self.clock.sleep(self.options.snapshot_every).await;
            let taken = async {
                if let Some(snapshot) = unsettled.take() {
                    if snapshot.is_settled(&*self.tables, self.lanes).await? {
                        self.hubs.iter().for_each(|hub| hub.settle(snapshot.clone()));
                    } else {
                        unsettled = Some(snapshot);
                    }
                }
                let positions = self.positions();
                let moved = positions != last;
                let old =
                    self.hubs.iter().any(|hub| self.clock.now() - hub.newest().id.taken_at() > REFRESH_MS);
                if unsettled.is_none() && (moved || old) {
                    let id = SnapshotId::new(self.clock.now(), rand::random());
                    let snapshot = Arc::new(Snapshot { id, positions: positions.clone() });
                    snapshot.store(&*self.tables).await?;
                    self.hubs.iter().for_each(|hub| hub.adopt(snapshot.clone()));
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

/// Batches that may wait for a hub; while they do, no more is read.
const BATCHES: usize = 64;

/// Bytes of recent renderings in memory: some seconds of them.
const RENDERED_BYTES: usize = 16 * 1024 * 1024;

fn shards(options: &Options) -> usize {
    match options.shards {
        0 => Handle::current().metrics().num_workers(),
        shards => shards,
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

#[cfg(test)]
mod tests;
