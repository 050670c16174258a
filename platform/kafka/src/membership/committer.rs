//! The thread that commits a member's offsets.
//!
//! librdkafka tells nobody what became of a commit that it makes by itself: only a call that waits
//! learns it. That must not hold up the polling, so it has a thread of its own.
//!
//! Invariant: one commit goes on at a time, and its outcome is noted before the next.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use schemas::position::{Offset, Partition};

use super::rebalance::Rebalances;
use super::{Shared, places};
use crate::threads::Threads;

type Offsets = BTreeMap<Partition, Offset>;

/// Hands commits to the thread, which ends with it.
pub(super) struct Committer(SyncSender<Offsets>);

impl Committer {
    pub(super) fn start(
        consumer: Weak<BaseConsumer<Rebalances>>,
        shared: Arc<Shared>,
        threads: &Threads,
    ) -> std::io::Result<Self> {
        let (begin, begun) = sync_channel(1);
        threads.spawn("kafka-commits", move || serve(&consumer, &shared, &begun))?;
        Ok(Self(begin))
    }

    /// Begins a commit. Never waits, as there is room for the one that goes on; without a thread,
    /// which panicked then, nothing is committed any more.
    pub(super) fn begin(&self, offsets: Offsets) {
        if self.0.try_send(offsets).is_err() {
            tracing::error!("offsets are not committed: the thread for it is gone");
        }
    }
}

fn serve(consumer: &Weak<BaseConsumer<Rebalances>>, shared: &Shared, begun: &Receiver<Offsets>) {
    while let Ok(offsets) = begun.recv() {
        let committed = commit(consumer, shared, &offsets);
        if let Err(error) = &committed {
            shared.metrics.commit_error(shared.topic.name);
            tracing::debug!(topic = shared.topic.name, %error, "offsets are not committed");
        }
        shared.update(|book| book.notes.end(committed.is_ok()));
    }
}

/// librdkafka bounds the wait: by the session's time-out where there is no coordinator, by the
/// request's where that does not answer.
fn commit(consumer: &Weak<BaseConsumer<Rebalances>>, shared: &Shared, offsets: &Offsets) -> KafkaResult<()> {
    // The poll thread has it as long as it begins commits.
    let Some(consumer) = consumer.upgrade() else { return Ok(()) };
    consumer.commit(&places(&shared.name, offsets)?, CommitMode::Sync)
}
