//! The tail of what changes facts: events that name users in a header, and published users. No record is
//! decoded.
//!
//! Invariant: the tail begins as far back as rows may be behind, so it reports every change of what is read
//! while it is followed.

use std::sync::Arc;

use futures::future::{try_join, try_join_all};
use platform::clock::Clock;
use platform::lifecycle::Latch;
use platform::ports::{Log, LogError, Marks, Reader, Record};
use platform::retry;
use schemas::UserId;
use schemas::position::{Offset, Version};
use schemas::record::USERS_HEADER;
use schemas::topics::{EVENTS, PLATFORM_USERS, Topic};
use tokio_util::sync::CancellationToken;

use super::Facts;
use crate::Ingest;

/// Records before the end at which the tail of a partition begins: a machine has as many commands decided
/// and not yet written, with about one event each.
const BACK: Offset = 1_024;

impl Ingest {
    /// Follows what changes the facts of sends, until `stop`; meanwhile one read serves many sends. Drops
    /// `latch` when it follows.
    pub async fn run_changes(self: Arc<Self>, latch: Latch, stop: CancellationToken) -> Result<(), LogError> {
        let (log, clock, facts) = (&*self.log, &*self.clock, &self.facts);
        let (events, users) = try_join(tail(log, &EVENTS), tail(log, &PLATFORM_USERS)).await?;
        facts.senders.start();
        facts.profiles.start();
        facts.tiers.start();
        drop(latch);
        let events = events.into_iter().map(|reader| follow(clock, reader, |record| facts.on_event(record)));
        let users = users.into_iter().map(|reader| follow(clock, reader, |record| facts.on_user(record)));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = try_join(try_join_all(events), try_join_all(users)) => ended.map(drop),
        }
    }
}

/// A key that names nothing changes nothing.
impl Facts {
    fn on_event(&self, record: &Record) {
        if record.header(USERS_HEADER).is_none() {
            return;
        }
        let Some(conversation) = record.key_as() else { return };
        match record.cause() {
            Some(cause) => self.senders.invalidate(conversation, Version::of(cause.number.offset)),
            None => self.senders.invalidate_for_a_while(conversation),
        }
    }

    fn on_user(&self, record: &Record) {
        let Some(user) = record.key_as::<UserId>() else { return };
        let version = Version::of(record.offset);
        self.profiles.invalidate(user.clone(), version);
        self.tiers.invalidate(user, version);
    }
}

async fn tail(log: &dyn Log, topic: &'static Topic) -> Result<Vec<Box<dyn Reader>>, LogError> {
    let readers = (0..log.partitions(topic)).map(async |partition| {
        let Marks { low, end } = log.marks(topic, partition).await?;
        log.read_lazily(topic, partition, low.max(end - BACK)).await
    });
    try_join_all(readers).await
}

async fn follow(
    clock: &dyn Clock,
    mut reader: Box<dyn Reader>,
    on_record: impl Fn(&Record),
) -> Result<(), LogError> {
    loop {
        retry::next_records(clock, reader.as_mut()).await?.iter().for_each(&on_record);
    }
}
