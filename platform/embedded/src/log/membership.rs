//! Membership of a group, for members that live in this process.
//!
//! Invariant: a member that is dropped has left, whatever became of its task.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use platform::ports::{LogError, Membership, MembershipChange};
use schemas::position::{Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::{oneshot, watch};

use super::Shared;
use super::appender::Command;
use super::group::{Group, MemberId};
use crate::committer::{Closed, Committer};
use crate::{locked, meta};

/// All groups that anybody joined since the store was opened.
#[derive(Default)]
pub(super) struct Groups {
    by_name: Mutex<HashMap<(String, &'static str), Arc<SharedGroup>>>,
}

struct SharedGroup {
    name: String,
    topic: &'static Topic,
    topic_id: u16,
    group: Mutex<Group>,
    /// Moves when there may be something to take.
    changed: watch::Sender<()>,
}

impl Groups {
    pub(super) fn join(
        &self,
        shared: &Arc<Shared>,
        committer: &Arc<Committer<Command>>,
        name: &str,
        topic: &'static Topic,
        session_timeout: Duration,
    ) -> Result<EmbeddedMembership, LogError> {
        let partitions = shared.partitions_of(topic)?;
        let count = partitions.len() as Partition;
        let topic_id = shared.partition(topic, 0)?.topic_id;
        let group =
            Arc::clone(locked(&self.by_name).entry((name.to_owned(), topic.name)).or_insert_with(|| {
                Arc::new(SharedGroup {
                    name: name.to_owned(),
                    topic,
                    topic_id,
                    group: Mutex::new(Group::new(count, session_timeout.as_millis() as i64)),
                    changed: watch::Sender::new(()),
                })
            }));
        let changed = group.changed.subscribe();
        let id = locked(&group.group).join(shared.clock.now());
        group.changed.send_replace(());
        Ok(EmbeddedMembership {
            id,
            group,
            changed,
            shared: Arc::clone(shared),
            committer: Arc::clone(committer),
        })
    }
}

pub(super) struct EmbeddedMembership {
    id: MemberId,
    group: Arc<SharedGroup>,
    changed: watch::Receiver<()>,
    shared: Arc<Shared>,
    committer: Arc<Committer<Command>>,
}

impl EmbeddedMembership {
    /// The next change, if there is one, else how long until somebody's patience ends.
    fn take(&self) -> Result<MembershipChange, Option<Duration>> {
        let now = self.shared.clock.now();
        let mut group = locked(&self.group.group);
        if group.expire(now) {
            self.group.changed.send_replace(());
        }
        group.take(self.id).ok_or_else(|| {
            group.next_deadline().map(|at| Duration::from_millis(u64::try_from(at - now).unwrap_or(1)))
        })
    }

    fn committed_key(&self, partition: Partition) -> Vec<u8> {
        meta::committed_key(&self.group.name, self.group.topic_id, partition)
    }
}

#[async_trait]
impl Membership for EmbeddedMembership {
    async fn next(&mut self) -> Result<MembershipChange, LogError> {
        loop {
            self.changed.borrow_and_update();
            let wait = match self.take() {
                Ok(change) => return Ok(change),
                Err(wait) => wait,
            };
            let patience = async {
                match wait {
                    Some(wait) => self.shared.clock.sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Never an error: the group is kept by this member.
                _ = self.changed.changed() => {}
                () = patience => {}
                () = self.shared.closed.cancelled() => return Err(self.shared.why_closed()),
            }
        }
    }

    async fn released(&mut self) -> Result<(), LogError> {
        locked(&self.group.group).release(self.id, self.shared.clock.now());
        self.group.changed.send_replace(());
        Ok(())
    }

    async fn commit(&mut self, partition: Partition, next: Offset) -> Result<(), LogError> {
        self.shared.partition(self.group.topic, partition)?;
        if !locked(&self.group.group).holds(self.id, partition) {
            // The new holder's offset must not be overwritten.
            return Err(LogError::Unavailable(format!("partition {partition} is not held")));
        }
        let (done, noted) = oneshot::channel();
        let key = self.committed_key(partition);
        let bytes = key.len();
        self.committer
            .push(Command::Note { key, offset: next, done }, bytes)
            .await
            .map_err(|Closed| self.shared.why_closed())?;
        self.shared.answer(noted).await
    }

    async fn committed(&mut self, partition: Partition) -> Result<Option<Offset>, LogError> {
        self.shared.partition(self.group.topic, partition)?;
        let key = self.committed_key(partition);
        self.shared.meta.offset(&key).map_err(super::partition::unreadable)
    }

    async fn leave(self: Box<Self>) -> Result<(), LogError> {
        Ok(())
    }
}

impl Drop for EmbeddedMembership {
    fn drop(&mut self) {
        locked(&self.group.group).leave(self.id, self.shared.clock.now());
        self.group.changed.send_replace(());
    }
}
