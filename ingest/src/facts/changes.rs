//! The tail of what changes facts: events that name users in a header, and what the platform says of its
//! users. No record is decoded.
//!
//! Invariant: what is read while the tail is followed changes in no way that the tail does not tell: it
//! begins further back than rows are behind.

use futures::future::try_join_all;
use platform::clock::Clock;
use platform::lifecycle::Latch;
use platform::ports::{Log, LogError, Reader, Record};
use platform::retry;
use schemas::message::USERS_HEADER;
use schemas::position::{Cause, LogTime, Version};
use schemas::topics::{EVENTS, PLATFORM_USERS, Topic};
use tokio_util::sync::CancellationToken;

use super::Facts;

/// How far back the tail begins.
const BACK_MS: LogTime = 30_000;

impl Facts {
    /// Hears of changes until `stop`. Drops `latch` when it listens.
    pub async fn hear_changes(
        &self,
        log: &dyn Log,
        clock: &dyn Clock,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let since = clock.now() - BACK_MS;
        let (events, users) = tokio::try_join!(tail(log, &EVENTS, since), tail(log, &PLATFORM_USERS, since))?;
        self.seats.begin();
        self.profiles.begin();
        drop(latch);
        let events = events.into_iter().map(|reader| hear(clock, reader, |record| self.event(record)));
        let users = users.into_iter().map(|reader| hear(clock, reader, |record| self.user(record)));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = try_join_all(events) => ended.map(drop),
            ended = try_join_all(users) => ended.map(drop),
        }
    }

    fn event(&self, record: &Record) {
        if record.header(USERS_HEADER).is_none() {
            return;
        }
        let Some(conversation) = key(record) else { return };
        let cause = record.header(Cause::HEADER).and_then(|cause| Cause::from_header(cause).ok());
        // Which rows have a change that names no cause cannot be told.
        let version = cause.map_or(Version(i64::MAX), |cause| Version::of(cause.number.offset));
        self.seats.changed(conversation, version);
    }

    fn user(&self, record: &Record) {
        let Some(user) = key(record) else { return };
        self.profiles.changed(user, Version::of(record.offset));
    }
}

/// Whom a record is about. What names nobody that can be known changes nothing.
fn key<T: std::str::FromStr>(record: &Record) -> Option<T> {
    std::str::from_utf8(record.key.as_deref()?).ok()?.parse().ok()
}

async fn tail(
    log: &dyn Log,
    topic: &'static Topic,
    since: LogTime,
) -> Result<Vec<Box<dyn Reader>>, LogError> {
    let readers = (0..log.partitions(topic)).map(async |partition| {
        let from = log.position_at(topic, partition, since).await?;
        log.read_lazily(topic, partition, from).await
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
