//! Ephemeral state in the memory of one process.
//!
//! Invariants: what has expired is never given; bytes are bounded, and what expires soonest goes first.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use schemas::position::LogTime;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::lock::locked;
use crate::ports::ephemeral::{MAX_WAITING, check_bytes, check_keys};
use crate::ports::{Ephemeral, EphemeralError, Incoming, Subscription};

/// Bytes of all values and deadlines.
const BYTES: usize = 64 * 1024 * 1024;
/// What each takes beside its texts and its value.
const OVERHEAD: usize = 256;

/// See the module.
pub struct InProcess {
    state: Mutex<State>,
    bound: usize,
}

#[derive(Default)]
struct State {
    values: HashMap<String, Kept>,
    /// When each value expires, with its key.
    expiries: BTreeSet<(Instant, String)>,
    queues: HashMap<String, Queue>,
    channels: HashMap<&'static str, broadcast::Sender<Incoming>>,
    bytes: usize,
}

struct Kept {
    value: Value,
    expires_at: Instant,
}

enum Value {
    Bytes(Bytes),
    Counter(i64),
}

#[derive(Default)]
struct Queue {
    by_member: HashMap<String, LogTime>,
    by_deadline: BTreeSet<(LogTime, String)>,
}

impl Default for InProcess {
    fn default() -> Self {
        Self::bounded(BYTES)
    }
}

impl InProcess {
    /// Keeps up to `bound` bytes.
    fn bounded(bound: usize) -> Self {
        Self { state: Mutex::default(), bound }
    }

    /// The state as of now.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = locked(&self.state);
        state.expire(Instant::now());
        state
    }
}

impl Value {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Counter(_) => size_of::<i64>(),
        }
    }
}

impl State {
    fn expire(&mut self, now: Instant) {
        while self.expiries.first().is_some_and(|(at, _)| *at <= now) {
            self.drop_soonest();
        }
    }

    fn drop_soonest(&mut self) {
        if let Some((_, key)) = self.expiries.pop_first()
            && let Some(kept) = self.values.remove(&key)
        {
            self.bytes -= weight(&key, &kept.value);
        }
    }

    fn put(&mut self, key: &str, value: Value, expires_at: Instant, bound: usize) {
        self.remove(key);
        self.bytes += weight(key, &value);
        self.expiries.insert((expires_at, key.to_owned()));
        self.values.insert(key.to_owned(), Kept { value, expires_at });
        while self.bytes > bound && self.values.len() > 1 {
            self.drop_soonest();
        }
    }

    fn remove(&mut self, key: &str) {
        if let Some(kept) = self.values.remove(key) {
            self.bytes -= weight(key, &kept.value);
            self.expiries.remove(&(kept.expires_at, key.to_owned()));
        }
    }

    fn bytes_of(&self, key: &str) -> Option<&Bytes> {
        match &self.values.get(key)?.value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Counter(_) => None,
        }
    }
}

fn weight(key: &str, value: &Value) -> usize {
    OVERHEAD + 2 * key.len() + value.len()
}

#[async_trait]
impl Ephemeral for InProcess {
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, EphemeralError> {
        check_keys(keys)?;
        let state = self.state();
        Ok(keys.iter().map(|key| state.bytes_of(key).cloned()).collect())
    }

    async fn set(&self, key: &str, value: Bytes, time_to_live: Duration) -> Result<(), EphemeralError> {
        check_bytes(&value)?;
        self.state().put(key, Value::Bytes(value), Instant::now() + time_to_live, self.bound);
        Ok(())
    }

    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&Bytes>,
        new: Option<(Bytes, Duration)>,
    ) -> Result<bool, EphemeralError> {
        new.iter().try_for_each(|(value, _)| check_bytes(value))?;
        let mut state = self.state();
        if state.bytes_of(key) != expected {
            return Ok(false);
        }
        match new {
            Some((value, time_to_live)) => {
                state.put(key, Value::Bytes(value), Instant::now() + time_to_live, self.bound);
            }
            None => state.remove(key),
        }
        Ok(true)
    }

    async fn add(&self, counter: &str, by: i64, time_to_live: Duration) -> Result<i64, EphemeralError> {
        let mut state = self.state();
        if let Some(Kept { value: Value::Counter(sum), .. }) = state.values.get_mut(counter) {
            *sum = sum.saturating_add(by);
            return Ok(*sum);
        }
        state.put(counter, Value::Counter(by), Instant::now() + time_to_live, self.bound);
        Ok(by)
    }

    async fn schedule(
        &self,
        queue: &str,
        member: &str,
        deadline: Option<LogTime>,
    ) -> Result<(), EphemeralError> {
        let state = &mut *self.state();
        let queue = state.queues.entry(queue.to_owned()).or_default();
        state.bytes -= queue.set(member, None);
        if deadline.is_some() && state.bytes + OVERHEAD + 2 * member.len() > self.bound {
            return Err(EphemeralError::Unavailable("no room".to_owned()));
        }
        state.bytes += queue.set(member, deadline);
        Ok(())
    }

    async fn due(
        &self,
        queue: &str,
        now: LogTime,
        again_at: LogTime,
        most: usize,
    ) -> Result<Vec<String>, EphemeralError> {
        let mut state = self.state();
        let Some(queue) = state.queues.get_mut(queue) else { return Ok(vec![]) };
        let due = queue.by_deadline.iter().take_while(|(deadline, _)| *deadline <= now).take(most);
        let due: Vec<String> = due.map(|(_, member)| member.clone()).collect();
        for member in &due {
            queue.set(member, Some(again_at));
        }
        Ok(due)
    }

    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), EphemeralError> {
        check_bytes(&message)?;
        if let Some(channel) = self.state().channels.get(channel) {
            // Sending fails only without a subscriber.
            let _ = channel.send(Incoming::Message(message));
        }
        Ok(())
    }

    fn subscribe(&self, channel: &'static str) -> Subscription {
        let mut state = self.state();
        let sender = state.channels.entry(channel).or_insert_with(|| broadcast::Sender::new(MAX_WAITING));
        Subscription::new(sender.subscribe(), true)
    }
}

impl Queue {
    /// Gives a member a deadline or takes it away; gives the bytes that the deadline takes, or took.
    fn set(&mut self, member: &str, deadline: Option<LogTime>) -> usize {
        let bytes = OVERHEAD + 2 * member.len();
        let old = self.by_member.remove(member);
        if let Some(old) = old {
            self.by_deadline.remove(&(old, member.to_owned()));
        }
        if let Some(deadline) = deadline {
            self.by_member.insert(member.to_owned(), deadline);
            self.by_deadline.insert((deadline, member.to_owned()));
        }
        if old.or(deadline).is_some() { bytes } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[tokio::test]
    async fn what_expires_soonest_goes_when_there_is_no_room() {
        let small = InProcess::bounded(3 * (OVERHEAD + 2 + 100));
        for (key, hours) in [("a", 2), ("b", 1), ("c", 3), ("d", 4)] {
            small.set(key, Bytes::from(vec![0; 100]), HOUR * hours).await.unwrap();
        }
        let keys = ["a", "b", "c", "d"].map(str::to_owned);
        let kept = small.get(&keys).await.unwrap();
        assert_eq!(kept.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[tokio::test]
    async fn what_is_replaced_expired_or_taken_away_takes_no_room() {
        let state = InProcess::default();
        for round in 0..3 {
            state.set("a", Bytes::from(vec![0; 10 * round]), HOUR).await.unwrap();
            state.add("b", 1, HOUR).await.unwrap();
            state.schedule("queue", "member", Some(1)).await.unwrap();
            state.due("queue", 1, 2, 10).await.unwrap();
        }
        state.set("c", Bytes::new(), Duration::ZERO).await.unwrap();
        assert_eq!(state.get(&["c".to_owned()]).await.unwrap(), [None]);
        state.compare_and_set("a", Some(&Bytes::from(vec![0; 20])), None).await.unwrap();
        state.schedule("queue", "member", None).await.unwrap();
        state.schedule("queue", "nobody", None).await.unwrap();
        assert_eq!(state.state().bytes, weight("b", &Value::Counter(3)));
    }

    #[tokio::test]
    async fn deadlines_that_find_no_room_are_unavailable() {
        let small = InProcess::bounded(2 * OVERHEAD);
        small.schedule("queue", "a", Some(1)).await.unwrap();
        small.schedule("queue", "a", Some(2)).await.unwrap();
        let refused = small.schedule("queue", "b", Some(1)).await;
        assert!(matches!(refused, Err(EphemeralError::Unavailable(_))));
    }
}
