//! Searches of each user in a minute, over all processes.
//!
//! Invariants: in any window a user has at most as many as they may. Processes count together in ephemeral state;
//! while that is away, each counts alone. A user who has none in the window is not kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use domain::window::{self, Exhausted};
use platform::clock::Clock;
use platform::lock::locked;
use platform::ports::{Ephemeral, EphemeralError};
use schemas::control::Limit;
use schemas::position::LogTime;
use schemas::{Refusal, UserId};
use tokio::time::timeout;

use super::metrics;

/// Product decisions, "Limits": 30 searches in a minute, of all kinds together.
const LIMIT: Limit = Limit { count: 30, seconds: 60 };
const WINDOW: Duration = Duration::from_secs(LIMIT.seconds.unsigned_abs());
/// How long the ephemeral state may take; a search does not wait longer for it.
const SHARED_WITHIN: Duration = Duration::from_millis(200);
/// Users who are not looked through for idle ones.
const FEW_USERS: usize = 1_024;

/// Times of a user's searches, oldest first.
type Times = Vec<LogTime>;

pub struct Quota {
    /// What this process has counted, which is part of what all have.
    alone: Mutex<Counted>,
    shared: Arc<dyn Ephemeral>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Counted {
    by_user: HashMap<UserId, Times>,
    /// With how many users idle ones are looked for next.
    sweep_at: usize,
}

impl Quota {
    pub fn new(shared: Arc<dyn Ephemeral>, clock: Arc<dyn Clock>) -> Self {
        Self { alone: Mutex::default(), shared, clock }
    }

    /// Counts a search; refuses with the wait until the next one.
    pub async fn take(&self, user: &UserId) -> Result<(), Refusal> {
        let now = self.clock.now();
        locked(&self.alone).take(user, now).map_err(refused)?;
        match timeout(SHARED_WITHIN, self.take_together(user, now)).await {
            Ok(Ok(taken)) => taken.map_err(|full| {
                locked(&self.alone).refund(user, now);
                refused(full)
            }),
            // This process has counted it.
            Ok(Err(EphemeralError::Unavailable(_) | EphemeralError::Refused(_))) | Err(_) => {
                metrics::counted_alone();
                Ok(())
            }
        }
    }

    /// Counts for all processes; the inner error is that the window is full.
    async fn take_together(
        &self,
        user: &UserId,
        now: LogTime,
    ) -> Result<Result<(), Exhausted>, EphemeralError> {
        let keys = [format!("searches:{user}")];
        // A set that has no effect means that another search of the user was counted, which happens at most as
        // often as they may search.
        loop {
            let known = self.shared.get(&keys).await?.pop().flatten();
            let mut times = known.as_ref().map(decode).unwrap_or_default();
            if let Err(full) = take(&mut times, now) {
                return Ok(Err(full));
            }
            let new = Some((encode(&times), WINDOW));
            if self.shared.compare_and_set(&keys[0], known.as_ref(), new).await? {
                return Ok(Ok(()));
            }
        }
    }
}

/// Adds a time, if the window has room.
fn take(times: &mut Times, now: LogTime) -> Result<(), Exhausted> {
    window::check(times.iter().copied(), now, &LIMIT)?;
    *times = window::with(times, now, &LIMIT);
    Ok(())
}

fn refused(full: Exhausted) -> Refusal {
    metrics::limited();
    full.refusal("search", &LIMIT)
}

fn encode(times: &Times) -> Bytes {
    let mut bytes = BytesMut::with_capacity(times.len() * size_of::<LogTime>());
    times.iter().for_each(|time| bytes.put_i64(*time));
    bytes.freeze()
}

fn decode(bytes: &Bytes) -> Times {
    let (times, _) = bytes.as_chunks();
    times.iter().map(|time| LogTime::from_be_bytes(*time)).collect()
}

impl Counted {
    fn take(&mut self, user: &UserId, now: LogTime) -> Result<(), Exhausted> {
        self.sweep(now);
        take(self.by_user.entry(user.clone()).or_default(), now)
    }

    fn refund(&mut self, user: &UserId, time: LogTime) {
        if let Some(times) = self.by_user.get_mut(user) {
            window::take_back(times, time);
        }
    }

    /// Forgets users without a search in the window; the attempts of users bound how many have one.
    fn sweep(&mut self, now: LogTime) {
        if self.by_user.len() < self.sweep_at.max(FEW_USERS) {
            return;
        }
        self.by_user
            .retain(|_, times| times.last().is_some_and(|last| window::counts(*last, now, LIMIT.seconds)));
        self.sweep_at = self.by_user.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use async_trait::async_trait;
    use platform::in_process::InProcess;
    use platform::ports::Subscription;

    use super::*;

    #[derive(Default)]
    struct Hand(AtomicI64);

    #[async_trait]
    impl Clock for Hand {
        fn now(&self) -> LogTime {
            self.0.load(Ordering::Relaxed)
        }

        async fn sleep(&self, _: Duration) {}
    }

    struct Away;

    fn away<T>() -> Result<T, EphemeralError> {
        Err(EphemeralError::Unavailable("away".to_owned()))
    }

    #[async_trait]
    impl Ephemeral for Away {
        async fn get(&self, _: &[String]) -> Result<Vec<Option<Bytes>>, EphemeralError> {
            away()
        }

        async fn set(&self, _: &str, _: Bytes, _: Duration) -> Result<(), EphemeralError> {
            away()
        }

        async fn compare_and_set(
            &self,
            _: &str,
            _: Option<&Bytes>,
            _: Option<(Bytes, Duration)>,
        ) -> Result<bool, EphemeralError> {
            away()
        }

        async fn add(&self, _: &str, _: i64, _: Duration) -> Result<i64, EphemeralError> {
            away()
        }

        async fn schedule(&self, _: &str, _: &str, _: Option<LogTime>) -> Result<(), EphemeralError> {
            away()
        }

        async fn due(
            &self,
            _: &str,
            _: LogTime,
            _: LogTime,
            _: usize,
        ) -> Result<Vec<String>, EphemeralError> {
            away()
        }

        async fn publish(&self, _: &str, _: Bytes) -> Result<(), EphemeralError> {
            away()
        }

        fn subscribe(&self, _: &'static str) -> Subscription {
            Subscription::new(tokio::sync::broadcast::channel(1).1, false)
        }
    }

    fn at(hand: &Hand, second: i64) {
        hand.0.store(second * 1_000, Ordering::Relaxed);
    }

    #[tokio::test]
    async fn a_user_has_thirty_searches_in_any_minute_over_all_processes() {
        let (hand, shared) = (Arc::new(Hand::default()), Arc::new(InProcess::default()));
        let quotas = [0, 1].map(|_| Quota::new(shared.clone(), hand.clone()));
        let [ann, bob] = ["ann", "bob"].map(|user| user.parse().unwrap());
        for second in 0..30 {
            at(&hand, second);
            assert_eq!(quotas[second as usize % 2].take(&ann).await, Ok(()));
        }
        at(&hand, 59);
        for quota in &quotas {
            let refused = quota.take(&ann).await.unwrap_err();
            assert_eq!((refused.limit.as_deref(), refused.retry_after_ms), (Some("search"), Some(1_000)));
            assert_eq!(refused.quota, Some(30));
            assert_eq!(quota.take(&bob).await, Ok(()), "another user");
        }
        at(&hand, 60);
        assert_eq!(quotas[1].take(&ann).await, Ok(()), "the first is a minute ago");
        assert!(quotas[0].take(&ann).await.is_err(), "and the second is not");
    }

    #[tokio::test]
    async fn of_searches_at_once_as_many_are_counted_as_a_user_may() {
        let (hand, shared) = (Arc::new(Hand::default()), Arc::new(InProcess::default()));
        let quotas = [0, 1, 2].map(|_| Quota::new(shared.clone(), hand.clone()));
        let ann: UserId = "ann".parse().unwrap();
        let takes = quotas.iter().flat_map(|quota| (0..20).map(|_| quota.take(&ann)));
        let taken = futures::future::join_all(takes).await;
        assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 30);
    }

    #[tokio::test]
    async fn without_ephemeral_state_a_process_counts_alone() {
        let quota = Quota::new(Arc::new(Away), Arc::new(Hand::default()));
        let ann: UserId = "ann".parse().unwrap();
        for _ in 0..LIMIT.count {
            assert_eq!(quota.take(&ann).await, Ok(()));
        }
        assert!(quota.take(&ann).await.is_err());
    }

    #[test]
    fn users_without_searches_are_not_kept() {
        let mut counted = Counted::default();
        for number in 0..FEW_USERS * 3 {
            counted.take(&format!("u{number}").parse().unwrap(), number as LogTime * 1_000).unwrap();
        }
        assert!(counted.by_user.len() <= FEW_USERS);
    }
}
