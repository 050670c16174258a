//! The thread that has a member's consumer: polls it, gives back what is released.
//!
//! Invariant: it never waits for the member, only for Kafka, and never longer than a tick; so the
//! group always hears of this member, however busy that is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use schemas::position::Partition;
use tokio_util::sync::CancellationToken;

use super::committer::Committer;
use super::rebalance::Rebalances;
use super::{Book, Shared};
use crate::locked;

/// How soon the thread sees what the member did. What Kafka says wakes it at once.
const TICK: Duration = Duration::from_millis(20);
/// Offsets are for lag alone: so often is enough.
const COMMIT_EVERY: Duration = Duration::from_millis(250);
/// How long the last commit of a partition may take before it is given up without.
const LONGEST_COMMIT: Duration = Duration::from_secs(2);

pub(super) struct PollThread {
    consumer: Arc<BaseConsumer<Rebalances>>,
    shared: Arc<Shared>,
    committer: Committer,
    nudge_every: Duration,
    leaving: CancellationToken,
    left: CancellationToken,
    nudged_at: Instant,
    /// When the revocation that goes on began, and when it was released.
    revoked_at: Option<Instant>,
    released_at: Option<Instant>,
    committed_at: Option<Instant>,
}

impl PollThread {
    pub(super) fn new(
        consumer: Arc<BaseConsumer<Rebalances>>,
        shared: Arc<Shared>,
        committer: Committer,
        heartbeat_interval: Duration,
        leaving: CancellationToken,
        left: CancellationToken,
    ) -> Self {
        Self {
            consumer,
            shared,
            committer,
            nudge_every: heartbeat_interval / 10,
            leaving,
            left,
            nudged_at: Instant::now(),
            revoked_at: None,
            released_at: None,
            committed_at: None,
        }
    }

    pub(super) fn serve(mut self) {
        // Even if this panics, nobody waits for it in vain.
        let left = self.left.clone().drop_guard();
        while !self.leaving.is_cancelled() && locked(&self.shared.book).failed.is_none() {
            self.poll();
            self.nudge(Instant::now());
            self.revoke(Instant::now());
            self.commit(Instant::now(), COMMIT_EVERY);
        }
        self.flush();
        self.close();
        drop(left);
    }

    /// Drops the consumer, which leaves the group; polls on while somebody else still asks it.
    ///
    /// Nothing else may come before that, not even to unsubscribe: where closing meets an assignment
    /// that is just being given up, librdkafka ends without leaving, and the group waits for the
    /// session to time out.
    fn close(self) {
        let mut consumer = self.consumer;
        self.leaving.cancel();
        let deadline = Instant::now() + LONGEST_COMMIT;
        while Instant::now() < deadline {
            match Arc::try_unwrap(consumer) {
                Ok(last) => return drop(last),
                Err(shared) => consumer = shared,
            }
            drop(consumer.poll(TICK));
        }
        tracing::warn!(topic = self.shared.topic.name, "a group is left late, as it is still asked");
    }

    fn poll(&self) {
        match self.consumer.poll(TICK) {
            None => {}
            Some(Err(error)) => {
                tracing::debug!(topic = self.shared.topic.name, %error, "group member reports")
            }
            Some(Ok(_)) => tracing::error!(topic = self.shared.topic.name, "a group member fetched a record"),
        }
    }

    /// Wakes librdkafka's own thread, which looks whether a heartbeat is due only when something else
    /// wakes it, in a member that fetches nothing once a second.
    fn nudge(&mut self, now: Instant) {
        if now - self.nudged_at < self.nudge_every {
            return;
        }
        self.nudged_at = now;
        if let Err(error) = self.consumer.assignment() {
            tracing::debug!(topic = self.shared.topic.name, %error, "no assignment is told");
        }
    }

    /// Goes on with what is being revoked: waits for the release, then for the last commit.
    fn revoke(&mut self, now: Instant) {
        let (revoking, released, settled) = {
            let Book { held, notes, .. } = &*locked(&self.shared.book);
            (held.revoking().clone(), held.is_released(), notes.is_settled(held.revoking().iter()))
        };
        if revoking.is_empty() {
            (self.revoked_at, self.released_at) = (None, None);
            return;
        }
        let revoked_at = *self.revoked_at.get_or_insert(now);
        if released {
            let released_at = *self.released_at.get_or_insert(now);
            if settled || now - released_at >= LONGEST_COMMIT {
                self.unassign(&revoking, |book| book.held.unassign_revoked());
            } else {
                self.commit(now, Duration::ZERO);
            }
        } else if now - revoked_at >= self.shared.release_timeout {
            tracing::warn!(
                topic = self.shared.topic.name,
                ?revoking,
                "revoked partitions were not released in time"
            );
            self.shared.metrics.rebalance(self.shared.topic.name, "lost");
            self.unassign(&revoking, |book| book.held.lose(revoking.iter().copied()));
        }
    }

    /// First the book, then Kafka: from the moment that others may have them, the member has not.
    fn unassign(&mut self, partitions: &BTreeSet<Partition>, change: impl FnOnce(&mut Book)) {
        (self.revoked_at, self.released_at) = (None, None);
        self.shared.update(|book| {
            book.notes.forget(partitions.iter());
            change(book);
        });
        let list = super::partitions(&self.shared.name, partitions);
        if let Err(error) = self.consumer.incremental_unassign(&list) {
            self.shared.update(|book| book.failed = Some(format!("unassigning: {error}")));
        }
    }

    /// Commits what is noted, if nothing is in flight and the last commit is `every` ago.
    fn commit(&mut self, now: Instant, every: Duration) {
        if self.committed_at.is_some_and(|last| now - last < every) {
            return;
        }
        let Some(offsets) = locked(&self.shared.book).notes.begin() else { return };
        self.committed_at = Some(now);
        self.committer.begin(offsets);
    }

    /// Commits what is noted before leaving, as far as there is time.
    fn flush(&mut self) {
        let deadline = Instant::now() + LONGEST_COMMIT;
        while !locked(&self.shared.book).notes.is_empty() && Instant::now() < deadline {
            self.commit(Instant::now(), Duration::ZERO);
            self.poll();
        }
    }
}
