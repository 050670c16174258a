//! The tail of what changes facts: events that name users in a header, and what the platform says of its
//! users. No record is decoded.
//!
//! Invariant: what is read while the tail is followed changes in no way that the tail does not tell: it
//! begins as far back as rows may be behind.

use std::str::FromStr;
use std::sync::Arc;

use futures::future::{try_join, try_join_all};
use platform::clock::Clock;
use platform::lifecycle::Latch;
use platform::ports::{Log, LogError, Marks, Reader, Record};
use platform::retry;
use schemas::message::USERS_HEADER;
use schemas::position::{Cause, Offset, Version};
use schemas::topics::{EVENTS, PLATFORM_USERS, Topic};
use tokio_util::sync::CancellationToken;

use super::Facts;
use crate::Ingest;

/// Records before the end at which the tail of a partition begins: a machine has as many commands decided
/// and not yet written, an event or so each.
const BACK: Offset = 1_024;

impl Ingest {
    /// Hears of what changes the facts that sends carry, until `stop`: they are read once for many sends
    /// then. Drops `latch` when it listens.
    pub async fn hear_changes(
        self: Arc<Self>,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let (log, clock, facts) = (&*self.log, &*self.clock, &self.facts);
        let (events, users) = try_join(tail(log, &EVENTS), tail(log, &PLATFORM_USERS)).await?;
        facts.seats.begin();
        facts.profiles.begin();
        drop(latch);
        let events = events.into_iter().map(|reader| hear(clock, reader, |record| facts.event(record)));
        let users = users.into_iter().map(|reader| hear(clock, reader, |record| facts.user(record)));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = try_join(try_join_all(events), try_join_all(users)) => ended.map(drop),
        }
    }
}

impl Facts {
    fn event(&self, record: &Record) {
        if record.header(USERS_HEADER).is_none() {
            return;
        }
        let Some(conversation) = key(record) else { return };
        match record.header(Cause::HEADER).map(Cause::from_header) {
            Some(Ok(cause)) => self.seats.changed(conversation, Version::of(cause.number.offset)),
            _ => self.seats.doubted(conversation),
        }
    }

    fn user(&self, record: &Record) {
        let Some(user) = key(record) else { return };
        self.profiles.changed(user, Version::of(record.offset));
    }
}

/// Whom a record is about. What names nobody that can be known changes nothing.
fn key<T: FromStr>(record: &Record) -> Option<T> {
    record.key_text()?.parse().ok()
}

async fn tail(log: &dyn Log, topic: &'static Topic) -> Result<Vec<Box<dyn Reader>>, LogError> {
    let readers = (0..log.partitions(topic)).map(async |partition| {
        let Marks { low, end } = log.marks(topic, partition).await?;
        log.read_lazily(topic, partition, low.max(end - BACK)).await
    });
    try_join_all(readers).await
}

async fn hear(
    clock: &dyn Clock,
    mut reader: Box<dyn Reader>,
    take_in: impl Fn(&Record),
) -> Result<(), LogError> {
    loop {
        retry::next_records(clock, reader.as_mut()).await?.iter().for_each(&take_in);
    }
}
