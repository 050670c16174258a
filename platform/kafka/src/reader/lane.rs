//! Consumers that readers share: a partition has at most one reader in each.
//!
//! One consumer serves all readers of a topic over one connection to each broker. A second reader
//! of a partition, which is at another place, takes a slot in a second consumer, its lane.
//!
//! A partition's records go to a queue of its own, which the reader polls itself. The queue is split
//! off before the partition is assigned: librdkafka then never forwards it to the consumer's common
//! queue, not even when the partition is assigned again. So no record can take another way, the
//! error of a partition is known to be its own, and the bounds on what is fetched ahead hold for
//! each partition by itself. Nothing has to be paused, which would throw away what is fetched.
//!
//! Invariants:
//! - A slot is free again only after its partition is unassigned and its queue dropped: of two
//!   queues of one partition, the end of the first would end the wake-ups of the second.
//! - What an earlier reader of the slot left unread is never seen: unassigning outdates it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::ports::{LogError, Record};
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset as Place, TopicPartitionList};
use schemas::position::{Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::record;
use crate::config::Config;
use crate::error::unavailable;
use crate::locked;
use crate::metrics::{Metrics, Role};
use crate::names::Names;
use crate::observer::Observer;
use crate::threads::Threads;

/// Readers of one partition, at most.
const LANES: usize = 32;

/// Whether a broker answers with the first record that there is, or waits for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Haste {
    AtOnce,
    Lazily,
}

/// What a slot is for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    pub(crate) haste: Haste,
    pub(crate) topic: &'static Topic,
    pub(crate) partition: Partition,
}

/// The lanes of all topics. Clones are the same.
#[derive(Clone)]
pub(crate) struct Lanes {
    shared: Arc<Shared>,
}

struct Shared {
    config: Config,
    names: Names,
    metrics: Metrics,
    threads: Arc<Threads>,
    /// By topic name, and haste. The first of each stays; others go with their last reader.
    lanes: Mutex<BTreeMap<(&'static str, Haste), Vec<Arc<Lane>>>>,
}

struct Lane {
    consumer: Arc<BaseConsumer<Observer>>,
    taken: Mutex<BTreeSet<Partition>>,
    /// Ends its thread.
    stop: CancellationToken,
}

impl Lanes {
    pub(crate) fn new(config: Config, metrics: Metrics, threads: Arc<Threads>) -> Self {
        Self {
            shared: Arc::new(Shared {
                names: config.names(),
                config,
                metrics,
                threads,
                lanes: Mutex::default(),
            }),
        }
    }

    /// After how long a silence a reader asks.
    pub(super) fn stalled_after(&self) -> Duration {
        self.shared.config.stalled_after
    }

    /// Takes a slot, and begins to fetch at `from`. Blocks for a moment.
    pub(super) fn sit(&self, source: Source, from: Offset) -> Result<PartitionSlot, LogError> {
        let lane = self.lane(source)?;
        // From here on the slot's end gives everything back.
        let mut slot = PartitionSlot {
            lanes: self.clone(),
            lane,
            source,
            queue: None,
            assigned: false,
            ready: Arc::default(),
        };
        slot.begin(from).map_err(unavailable)?;
        Ok(slot)
    }

    /// One in which the partition is free; it is taken then.
    fn lane(&self, source: Source) -> Result<Arc<Lane>, LogError> {
        let Source { haste, topic, partition } = source;
        let mut all = locked(&self.shared.lanes);
        let lanes = all.entry((topic.name, haste)).or_default();
        if let Some(lane) = lanes.iter().find(|lane| locked(&lane.taken).insert(partition)) {
            return Ok(Arc::clone(lane));
        }
        if lanes.len() == LANES {
            return Err(LogError::Unavailable(format!(
                "partition {partition} of {} has {LANES} readers",
                topic.name
            )));
        }
        let lane = Arc::new(self.shared.open(source)?);
        lanes.push(Arc::clone(&lane));
        Ok(lane)
    }

    fn leave(&self, lane: &Arc<Lane>, source: Source) {
        let mut all = locked(&self.shared.lanes);
        let mut taken = locked(&lane.taken);
        taken.remove(&source.partition);
        if taken.is_empty()
            && let Some(lanes) = all.get_mut(&(source.topic.name, source.haste))
            && lanes.first().is_some_and(|first| !Arc::ptr_eq(first, lane))
        {
            lanes.retain(|other| !Arc::ptr_eq(other, lane));
            lane.stop.cancel();
        }
    }
}

impl Shared {
    fn open(&self, first: Source) -> Result<Lane, LogError> {
        let observer = Observer::new(Role::Reader, first.topic.name, &self.metrics);
        let consumer: BaseConsumer<Observer> =
            self.config.reader(first.haste).create_with_context(observer).map_err(unavailable)?;
        let (consumer, stop) = (Arc::new(consumer), self.threads.stop());
        self.threads.serve("kafka-reader", Arc::clone(&consumer), stop.clone()).map_err(unavailable)?;
        Ok(Lane { consumer, taken: Mutex::new(BTreeSet::from([first.partition])), stop })
    }
}

/// A partition that is assigned in a lane; given back when it is dropped.
pub(super) struct PartitionSlot {
    lanes: Lanes,
    lane: Arc<Lane>,
    source: Source,
    queue: Option<PartitionQueue<Observer>>,
    assigned: bool,
    ready: Arc<Notify>,
}

impl PartitionSlot {
    fn begin(&mut self, from: Offset) -> Result<(), KafkaError> {
        let name = self.lanes.shared.names.of(self.source.topic);
        let queue = self.lane.consumer.split_partition_queue(name, self.source.partition);
        let mut queue = queue.ok_or_else(|| KafkaError::Subscription("no queue of the partition".into()))?;
        let ready = Arc::clone(&self.ready);
        queue.set_nonempty_callback(move || ready.notify_one());
        self.queue = Some(queue);
        self.lane.consumer.incremental_assign(&self.place(Place::Offset(from))?)?;
        self.assigned = true;
        Ok(())
    }

    fn place(&self, offset: Place) -> Result<TopicPartitionList, KafkaError> {
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(
            self.lanes.shared.names.of(self.source.topic),
            self.source.partition,
            offset,
        )?;
        Ok(list)
    }

    /// The next record that is fetched, if there is one. Does not wait.
    pub(super) fn poll(&self) -> Option<Result<Record, KafkaError>> {
        let next = self.queue.as_ref()?.poll(Duration::ZERO)?;
        Some(next.map(|message| record::of(&message)))
    }

    /// Resolves once after the queue stopped to be empty.
    pub(super) async fn ready(&self) {
        self.ready.notified().await;
    }
}

impl Drop for PartitionSlot {
    fn drop(&mut self) {
        if self.assigned {
            let unassigned =
                self.place(Place::Invalid).and_then(|place| self.lane.consumer.incremental_unassign(&place));
            if let Err(error) = unassigned {
                let Source { topic, partition, .. } = self.source;
                tracing::warn!(topic = topic.name, partition, %error, "not unassigned");
            }
        }
        self.queue = None;
        self.lanes.leave(&self.lane, self.source);
    }
}

#[cfg(test)]
impl PartitionSlot {
    /// Nothing is fetched any more, and nobody says so.
    pub(super) fn stall(&self) {
        self.lane.consumer.incremental_unassign(&self.place(Place::Invalid).unwrap()).unwrap();
    }
}
