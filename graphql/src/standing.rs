//! The standing of users with the platform: bans, revocations of their tokens, and erasures.
//!
//! Invariants: a node has read all three topics to the ends that they had at its start before it is ready; a user's
//! records are in one partition, so the last one read is the newest. Who has none of them takes no memory. An
//! erasure is never taken back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use futures::future::try_join_all;
use platform::clock::Clock;
use platform::lifecycle::Latch;
use platform::ports::{Log, LogError, Record};
use platform::retry;
use platform::telemetry::made;
use prometheus::{IntCounterVec, register_int_counter_vec};
use schemas::UserId;
use schemas::avro;
use schemas::people::{PlatformBan, PlatformRevocation, UserErased};
use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::{ERASURES, PLATFORM_BANS, PLATFORM_REVOCATIONS, Topic};
use tokio_util::sync::CancellationToken;

use crate::auth::InvalidToken;

const TOPICS: [&Topic; 3] = [&PLATFORM_BANS, &PLATFORM_REVOCATIONS, &ERASURES];

static UNREADABLE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_standing_unreadable_total",
        "Records of bans, revocations and erasures that this process cannot read, by topic",
        &["topic"]
    ))
});

/// Of one user; without a ban, a revocation and an erasure there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Standing {
    /// The end of the ban; [`LogTime::MAX`] for good.
    banned_until: LogTime,
    /// Tokens that were issued earlier are revoked.
    not_before: LogTime,
    is_erased: bool,
}

/// What a topic says of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    BannedUntil(LogTime),
    NotBefore(LogTime),
    Erased,
}

/// Bans and revocations that hold, and who is erased.
#[derive(Debug, Default)]
pub struct Standings {
    users: RwLock<HashMap<UserId, Standing>>,
    /// How many users are erased; what names them is rendered anew when it changes.
    erasures: AtomicUsize,
}

impl Standings {
    /// Refuses a token of a user who is banned or erased, or one that was revoked since it was issued.
    pub fn check(&self, user: &UserId, issued_at: LogTime, now: LogTime) -> Result<(), InvalidToken> {
        let Some(standing) = self.standing(user) else { return Ok(()) };
        if standing.is_erased || now < standing.banned_until || issued_at < standing.not_before {
            return Err(InvalidToken);
        }
        Ok(())
    }

    /// Whether the platform has erased a user.
    pub fn is_erased(&self, user: &UserId) -> bool {
        self.erasures() > 0 && self.standing(user).is_some_and(|standing| standing.is_erased)
    }

    /// How many users are erased; it never falls.
    pub fn erasures(&self) -> usize {
        self.erasures.load(Ordering::Acquire)
    }

    fn standing(&self, user: &UserId) -> Option<Standing> {
        self.users.read().unwrap_or_else(PoisonError::into_inner).get(user).copied()
    }

    fn change(&self, user: UserId, change: Change) {
        let mut standings = self.users.write().unwrap_or_else(PoisonError::into_inner);
        let mut standing = standings.get(&user).copied().unwrap_or_default();
        match change {
            Change::BannedUntil(until) => standing.banned_until = until,
            Change::NotBefore(time) => standing.not_before = time,
            Change::Erased => {
                let was_erased = std::mem::replace(&mut standing.is_erased, true);
                self.erasures.fetch_add(usize::from(!was_erased), Ordering::AcqRel);
            }
        }
        if standing == Standing::default() {
            standings.remove(&user);
        } else {
            standings.insert(user, standing);
        }
    }

    /// Follows the topics from their beginning until `stop`; drops `latch` once everything that they had at
    /// the start is read.
    pub async fn follow(
        self: Arc<Self>,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
        latch: Latch,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        for topic in TOPICS {
            UNREADABLE.with_label_values(&[topic.name]);
        }
        let places = TOPICS.into_iter().flat_map(|topic| (0..log.partitions(topic)).map(move |p| (topic, p)));
        let places: Vec<(&'static Topic, Partition)> = places.collect();
        let behind = Behind { count: AtomicUsize::new(places.len()), latch: Mutex::new(Some(latch)) };
        let reads = places.into_iter().map(|place| self.follow_one(&*log, &*clock, place, &behind));
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = try_join_all(reads) => ended.map(drop),
        }
    }

    async fn follow_one(
        &self,
        log: &dyn Log,
        clock: &dyn Clock,
        (topic, partition): (&'static Topic, Partition),
        behind: &Behind,
    ) -> Result<(), LogError> {
        let marks = log.marks(topic, partition).await?;
        let mut reader = log.read_lazily(topic, partition, marks.low).await?;
        let mut is_behind = marks.low < marks.end;
        if !is_behind {
            behind.one_less();
        }
        loop {
            let records = retry::next_records(clock, reader.as_mut()).await?;
            for record in &records {
                self.take_in(topic, record);
            }
            let next: Option<Offset> = records.last().map(|record| record.offset + 1);
            if is_behind && next.is_some_and(|next| next >= marks.end) {
                is_behind = false;
                behind.one_less();
            }
        }
    }

    /// A record that cannot be read changes nothing, and is counted.
    fn take_in(&self, topic: &'static Topic, record: &Record) {
        match read(topic, record) {
            Ok((user, change)) => self.change(user, change),
            Err(reason) => {
                UNREADABLE.with_label_values(&[topic.name]).inc();
                let (topic, partition, offset) = (topic.name, record.partition, record.offset);
                tracing::error!(topic, partition, offset, reason, "the standing of a user cannot be read");
            }
        }
    }
}

fn read(topic: &'static Topic, record: &Record) -> Result<(UserId, Change), String> {
    let key = record.key_text().and_then(|key| key.parse::<UserId>().ok()).ok_or("the key is no user")?;
    let (user, change) = match (topic.name == PLATFORM_BANS.name, topic.name == ERASURES.name) {
        (true, _) if record.value.is_empty() => (key.clone(), Change::BannedUntil(0)),
        (true, _) => {
            let PlatformBan { user, until } = decode(record)?;
            (user, Change::BannedUntil(until.unwrap_or(LogTime::MAX)))
        }
        (_, true) => (decode::<UserErased>(record)?.user, Change::Erased),
        _ if record.value.is_empty() => (key.clone(), Change::NotBefore(0)),
        _ => {
            let PlatformRevocation { user, not_before } = decode(record)?;
            (user, Change::NotBefore(not_before))
        }
    };
    if user == key { Ok((user, change)) } else { Err("the key is not the user's".to_owned()) }
}

fn decode<T: avro::Record>(record: &Record) -> Result<T, String> {
    avro::decode(&record.value).map_err(|error| error.to_string())
}

/// Partitions that are not read to the end that they had at the start.
struct Behind {
    count: AtomicUsize,
    latch: Mutex<Option<Latch>>,
}

impl Behind {
    fn one_less(&self) {
        if self.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.latch.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: LogTime = 1_800_000_000_000;

    fn ann() -> UserId {
        "ann".parse().unwrap()
    }

    fn record(key: &str, value: Vec<u8>) -> Record {
        let key = Some(key.as_bytes().to_vec().into());
        Record { partition: 0, offset: 0, time: 0, key, headers: vec![], value: value.into() }
    }

    fn ban(until: Option<LogTime>) -> Record {
        record("ann", avro::encode(&PlatformBan { user: ann(), until }))
    }

    #[test]
    fn a_ban_holds_until_its_end_or_until_it_is_lifted() {
        let standings = Standings::default();
        let is_served = |at| standings.check(&ann(), at, at).is_ok();
        assert!(is_served(NOW));
        standings.take_in(&PLATFORM_BANS, &ban(Some(NOW + 10)));
        assert!(!is_served(NOW) && !is_served(NOW + 9) && is_served(NOW + 10));
        standings.take_in(&PLATFORM_BANS, &ban(None));
        assert!(!is_served(i64::MAX - 1));
        standings.take_in(&PLATFORM_BANS, &record("ann", vec![]));
        assert!(is_served(NOW));
        assert!(standings.users.read().unwrap().is_empty(), "nothing is kept of who stands well");
    }

    #[test]
    fn a_revocation_ends_tokens_that_were_issued_before_it_and_no_later_ones() {
        let standings = Standings::default();
        let revoked = PlatformRevocation { user: ann(), not_before: NOW };
        standings.take_in(&PLATFORM_REVOCATIONS, &record("ann", avro::encode(&revoked)));
        assert!(standings.check(&ann(), NOW - 1, NOW + 5).is_err());
        assert!(standings.check(&ann(), NOW, NOW + 5).is_ok());
        assert!(standings.check(&"bob".parse().unwrap(), NOW - 1, NOW + 5).is_ok());
        standings.take_in(&PLATFORM_BANS, &ban(Some(NOW + 5)));
        assert!(
            standings.check(&ann(), NOW, NOW + 4).is_err() && standings.check(&ann(), NOW, NOW + 5).is_ok()
        );
    }

    #[test]
    fn an_erased_user_is_served_no_more_whatever_comes_later() {
        let standings = Standings::default();
        let erased = record("ann", avro::encode(&UserErased { user: ann() }));
        assert!(!standings.is_erased(&ann()));
        standings.take_in(&ERASURES, &erased);
        standings.take_in(&ERASURES, &erased);
        standings.take_in(&ERASURES, &record("ann", vec![]));
        standings.take_in(&PLATFORM_BANS, &record("ann", vec![]));
        assert!(standings.is_erased(&ann()) && !standings.is_erased(&"bob".parse().unwrap()));
        assert_eq!(standings.erasures(), 1);
        assert!(standings.check(&ann(), NOW, NOW).is_err());
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let standings = Standings::default();
        standings.take_in(&PLATFORM_BANS, &ban(None));
        let of_bob = avro::encode(&PlatformBan { user: "bob".parse().unwrap(), until: Some(0) });
        for other in [record("ann", vec![1]), record("ann", of_bob), record("", vec![])] {
            standings.take_in(&PLATFORM_BANS, &other);
        }
        assert!(standings.check(&ann(), NOW, NOW).is_err());
    }
}
