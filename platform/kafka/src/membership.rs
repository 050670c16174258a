//! Membership of a consumer group, for the assignment alone.
//!
//! One thread, the poll thread, polls the consumer and acts for the member; the member's calls change
//! what is shared with it, and wait for what it makes of that. A second one commits.
//!
//! Invariants:
//! - The member fetches nothing: partitions are paused before they are assigned.
//! - A revoked partition is held until it is released, or lost when its deadline passes.
//! - Commits are begun for partitions that are held, and for no others; one that is on its way when
//!   they are lost is the broker's to refuse, which it does once anybody else may hold them.
//! - A partition is given up only after its offset is committed, or the time for that is over.
//! - A member that is dropped leaves, as one that says so does.

mod committer;
mod held;
mod notes;
mod poll_thread;
mod rebalance;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use platform::ports::{LogError, Membership, MembershipChange};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset as Place, TopicPartitionList};
use schemas::position::{Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::{closed, unavailable};
use crate::locked;
use crate::metrics::{Metrics, Role};
use crate::observer::Observer;
use crate::queries::{off_thread, offset_of, until_answered};
use crate::threads::Threads;
use committer::Committer;
use held::HeldPartitions;
use notes::Notes;
use poll_thread::PollThread;
use rebalance::Rebalances;

/// What a member and its thread share.
pub(crate) struct Shared {
    topic: &'static Topic,
    /// Of the topic, in the cluster.
    name: String,
    metrics: Metrics,
    release_timeout: Duration,
    book: Mutex<Book>,
    /// Moves when there may be something to take.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct Book {
    held: HeldPartitions,
    notes: Notes,
    /// No more changes come, for this reason.
    failed: Option<String>,
}

impl Shared {
    /// Changes the book, and tells the member.
    fn update<T>(&self, change: impl FnOnce(&mut Book) -> T) -> T {
        let result = change(&mut locked(&self.book));
        self.changed.send_replace(());
        result
    }
}

pub(crate) struct KafkaMembership {
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
    /// The poll thread's, whose end of it leaves the group.
    consumer: Weak<BaseConsumer<Rebalances>>,
    request_timeout: Duration,
    /// Cancelled to leave.
    leaving: CancellationToken,
    /// Cancelled once it has left.
    left: CancellationToken,
}

impl KafkaMembership {
    /// Joins; blocks for a moment.
    pub(crate) fn join(
        config: &Config,
        group: &str,
        topic: &'static Topic,
        metrics: &Metrics,
        threads: &Threads,
    ) -> Result<Self, LogError> {
        let shared = Arc::new(Shared {
            topic,
            name: config.names().of(topic).to_owned(),
            metrics: metrics.clone(),
            release_timeout: config.release_timeout,
            book: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let leaving = threads.stop();
        let observer = Observer::new(Role::Member, topic.name, metrics);
        let rebalances = Rebalances::new(observer, Arc::clone(&shared), leaving.clone());
        let consumer: BaseConsumer<Rebalances> =
            config.member(group).create_with_context(rebalances).map_err(unavailable)?;
        consumer.subscribe(&[&shared.name]).map_err(unavailable)?;
        let consumer = Arc::new(consumer);
        let left = CancellationToken::new();
        let asked = Arc::downgrade(&consumer);
        let committer = Committer::start(Weak::clone(&asked), Arc::clone(&shared), threads);
        let poll_thread = PollThread::new(
            consumer,
            Arc::clone(&shared),
            committer.map_err(unavailable)?,
            config.heartbeat_interval,
            leaving.clone(),
            left.clone(),
        );
        threads.spawn("kafka-member", move || poll_thread.serve()).map_err(unavailable)?;
        let changed = shared.changed.subscribe();
        let request_timeout = config.request_timeout;
        Ok(Self { shared, changed, consumer: asked, request_timeout, leaving, left })
    }

    fn admit(&self, partition: Partition) -> Result<(), LogError> {
        if locked(&self.shared.book).held.holds(partition) {
            Ok(())
        } else {
            // The new holder's offset must not be overwritten.
            Err(LogError::Unavailable(format!("partition {partition} is not held")))
        }
    }
}

#[async_trait]
impl Membership for KafkaMembership {
    async fn next(&mut self) -> Result<MembershipChange, LogError> {
        loop {
            self.changed.borrow_and_update();
            {
                let mut book = locked(&self.shared.book);
                if let Some(change) = book.held.take() {
                    return Ok(change);
                }
                if let Some(why) = &book.failed {
                    return Err(LogError::Closed(why.clone()));
                }
            }
            tokio::select! {
                // Never an error: what is shared is kept by this member.
                _ = self.changed.changed() => {}
                () = self.left.cancelled() => return Err(closed()),
            }
        }
    }

    /// Returns at once; the partitions go once their offsets are committed.
    async fn released(&mut self) -> Result<(), LogError> {
        self.shared.update(|book| book.held.released());
        Ok(())
    }

    /// Returns at once: offsets are committed together, the newest of each partition, and again
    /// until it succeeds; at the latest when the partition is released or the member leaves.
    async fn commit(&mut self, partition: Partition, next: Offset) -> Result<(), LogError> {
        self.admit(partition)?;
        self.shared.update(|book| book.notes.note(partition, next));
        Ok(())
    }

    async fn committed(&mut self, partition: Partition) -> Result<Option<Offset>, LogError> {
        if let Some(noted) = locked(&self.shared.book).notes.newest(partition) {
            return Ok(Some(noted));
        }
        let (consumer, shared) = (Weak::clone(&self.consumer), Arc::clone(&self.shared));
        let timeout = self.request_timeout;
        off_thread(move || {
            let consumer = consumer.upgrade().ok_or_else(closed)?;
            until_answered(timeout, |left| {
                let wanted = partitions(&shared.name, [&partition]);
                offset_of(&consumer.committed_offsets(wanted, left)?, &shared.name, partition)
            })
        })
        .await
    }

    async fn leave(self: Box<Self>) -> Result<(), LogError> {
        self.leaving.cancel();
        match tokio::time::timeout(self.request_timeout, self.left.cancelled()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(LogError::Unavailable("the group was not left in time".into())),
        }
    }
}

impl Drop for KafkaMembership {
    fn drop(&mut self) {
        self.leaving.cancel();
    }
}

/// Partitions with their offsets, in the form that librdkafka takes.
fn places(name: &str, offsets: &BTreeMap<Partition, Offset>) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        list.add_partition_offset(name, *partition, Place::Offset(*offset))?;
    }
    Ok(list)
}

/// Partitions without offsets.
fn partitions<'a>(name: &str, numbers: impl IntoIterator<Item = &'a Partition>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for number in numbers {
        list.add_partition(name, *number);
    }
    list
}
