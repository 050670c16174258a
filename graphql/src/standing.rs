//! The standing of users with the platform: bans, revocations of their tokens, and erasures.
//!
//! Invariants: a node has read all three topics to the ends that they had at its start before it is ready; a user's
//! records are in one partition, so the last one read is the newest. A user without a ban, revocation or erasure has
//! no entry. An erasure is never taken back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

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
use schemas::position::{LogTime, Partition};
use schemas::topics::{ERASURES, PLATFORM_BANS, PLATFORM_REVOCATIONS, Topic};
use tokio_util::sync::CancellationToken;

use crate::auth::InvalidToken;

/// The user whom a record names, and what it says of them; the user of its key, if it has no value.
type Read = fn(UserId, &Record) -> Result<(UserId, Change), String>;
type Source = (&'static Topic, Read);

const TOPICS: [Source; 3] =
    [(&PLATFORM_BANS, ban), (&PLATFORM_REVOCATIONS, revocation), (&ERASURES, erasure)];

static UNREADABLE: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_standing_unreadable_total",
        "Records of bans, revocations and erasures that this process cannot read, by topic",
        &["topic"]
    ))
});

/// Of one user. A user without a ban, revocation or erasure has no entry.
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

    /// Whether a user is neither banned nor erased.
    pub fn is_served(&self, user: &UserId, now: LogTime) -> bool {
        self.standing(user).is_none_or(|standing| !standing.is_erased && now >= standing.banned_until)
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
        let (latch, mut reads) = (Arc::new(latch), vec![]);
        for source in TOPICS {
            UNREADABLE.with_label_values(&[source.0.name]);
            for partition in 0..log.partitions(source.0) {
                reads.push(self.follow_one(&*log, &*clock, source, partition, latch.clone()));
            }
        }
        drop(latch);
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = try_join_all(reads) => ended.map(drop),
        }
    }

    async fn follow_one(
        &self,
        log: &dyn Log,
        clock: &dyn Clock,
        source: Source,
        partition: Partition,
        latch: Arc<Latch>,
    ) -> Result<(), LogError> {
        let marks = log.marks(source.0, partition).await?;
        let mut reader = log.read_lazily(source.0, partition, marks.low).await?;
        let mut latch = Some(latch).filter(|_| marks.low < marks.end);
        loop {
            let records = retry::next_records(clock, reader.as_mut()).await?;
            for record in &records {
                self.take_in(source, record);
            }
            if records.last().is_some_and(|last| last.offset + 1 >= marks.end) {
                drop(latch.take());
            }
        }
    }

    /// A record that cannot be read changes nothing, and is counted.
    fn take_in(&self, (topic, read): Source, record: &Record) {
        match change(read, record) {
            Ok((user, change)) => self.change(user, change),
            Err(reason) => {
                UNREADABLE.with_label_values(&[topic.name]).inc();
                let (topic, partition, offset) = (topic.name, record.partition, record.offset);
                tracing::error!(topic, partition, offset, reason, "the standing of a user cannot be read");
            }
        }
    }
}

fn change(read: Read, record: &Record) -> Result<(UserId, Change), String> {
    let key: UserId = record.key_as().ok_or("the key is no user")?;
    let (user, change) = read(key.clone(), record)?;
    if user == key { Ok((user, change)) } else { Err("the key is not the user's".to_owned()) }
}

fn ban(key: UserId, record: &Record) -> Result<(UserId, Change), String> {
    if record.value.is_empty() {
        return Ok((key, Change::BannedUntil(0)));
    }
    let PlatformBan { user, until } = decode(record)?;
    Ok((user, Change::BannedUntil(until.unwrap_or(LogTime::MAX))))
}

fn revocation(key: UserId, record: &Record) -> Result<(UserId, Change), String> {
    if record.value.is_empty() {
        return Ok((key, Change::NotBefore(0)));
    }
    let PlatformRevocation { user, not_before } = decode(record)?;
    Ok((user, Change::NotBefore(not_before)))
}

fn erasure(_: UserId, record: &Record) -> Result<(UserId, Change), String> {
    Ok((decode::<UserErased>(record)?.user, Change::Erased))
}

fn decode<T: avro::Record>(record: &Record) -> Result<T, String> {
    avro::decode(&record.value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: LogTime = 1_800_000_000_000;
    const BANS: Source = TOPICS[0];
    const REVOCATIONS: Source = TOPICS[1];
    const ERASED: Source = TOPICS[2];

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
        standings.take_in(BANS, &ban(Some(NOW + 10)));
        assert!(!is_served(NOW) && !is_served(NOW + 9) && is_served(NOW + 10));
        standings.take_in(BANS, &ban(None));
        assert!(!is_served(i64::MAX - 1));
        standings.take_in(BANS, &record("ann", vec![]));
        assert!(is_served(NOW));
        assert!(standings.users.read().unwrap().is_empty(), "nothing is kept of who stands well");
    }

    #[test]
    fn a_revocation_ends_tokens_that_were_issued_before_it_and_no_later_ones() {
        let standings = Standings::default();
        let revoked = PlatformRevocation { user: ann(), not_before: NOW };
        standings.take_in(REVOCATIONS, &record("ann", avro::encode(&revoked)));
        assert!(standings.check(&ann(), NOW - 1, NOW + 5).is_err());
        assert!(standings.check(&ann(), NOW, NOW + 5).is_ok());
        assert!(standings.check(&"bob".parse().unwrap(), NOW - 1, NOW + 5).is_ok());
        standings.take_in(BANS, &ban(Some(NOW + 5)));
        assert!(
            standings.check(&ann(), NOW, NOW + 4).is_err() && standings.check(&ann(), NOW, NOW + 5).is_ok()
        );
    }

    #[test]
    fn an_erased_user_is_served_no_more_whatever_comes_later() {
        let standings = Standings::default();
        let erased = record("ann", avro::encode(&UserErased { user: ann() }));
        assert!(!standings.is_erased(&ann()));
        standings.take_in(ERASED, &erased);
        standings.take_in(ERASED, &erased);
        standings.take_in(ERASED, &record("ann", vec![]));
        standings.take_in(BANS, &record("ann", vec![]));
        assert!(standings.is_erased(&ann()) && !standings.is_erased(&"bob".parse().unwrap()));
        assert_eq!(standings.erasures(), 1);
        assert!(standings.check(&ann(), NOW, NOW).is_err());
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let standings = Standings::default();
        standings.take_in(BANS, &ban(None));
        let of_bob = avro::encode(&PlatformBan { user: "bob".parse().unwrap(), until: Some(0) });
        for other in [record("ann", vec![1]), record("ann", of_bob), record("", vec![])] {
            standings.take_in(BANS, &other);
        }
        assert!(standings.check(&ann(), NOW, NOW).is_err());
    }
}
