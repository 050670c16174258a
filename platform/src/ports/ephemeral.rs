//! Ephemeral state that processes share: values with a time to live, counters, deadlines, and messages.
//!
//! Invariants an adapter keeps:
//! - Everything may be lost at any moment, and all at once; nothing that has to last stands here.
//! - A call is answered or fails within [`CALL_WITHIN`].
//! - Of several compare-and-sets of one key at the same time one takes effect.
//! - A subscriber gets the messages of a channel in the order of one publisher; where it may have missed some,
//!   it receives [`Incoming::Resumed`].
//! - Memory is bounded: when there is no room, what expires soonest goes.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use schemas::position::LogTime;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// The longest time that a call takes.
pub const CALL_WITHIN: Duration = Duration::from_secs(2);
/// Bytes of a value, and of a message.
pub const MAX_BYTES: usize = 64 * 1024;
/// Keys that are read at once.
pub const MAX_KEYS: usize = 1_000;
/// Messages that may wait for a subscriber; of more it misses the oldest.
pub const MAX_WAITING: usize = 4_096;

/// Named by what the caller should do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EphemeralError {
    /// Do without, or try again: the call may have had its effect.
    #[error("ephemeral state unavailable: {0}")]
    Unavailable(String),
    /// Repeating it will not help.
    #[error("refused: {0}")]
    Refused(String),
}

#[async_trait]
pub trait Ephemeral: Send + Sync + 'static {
    /// The values of keys, in the order of the keys; at most [`MAX_KEYS`].
    async fn get(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, EphemeralError>;

    /// Sets a key for a time.
    async fn set(&self, key: &str, value: Bytes, time_to_live: Duration) -> Result<(), EphemeralError>;

    /// Replaces a key's value if that is the expected one, where `None` is no value. Says whether it was.
    async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&Bytes>,
        new: Option<(Bytes, Duration)>,
    ) -> Result<bool, EphemeralError>;

    /// Adds to a counter and gives the sum. The counter lives for a time from its first addition.
    async fn add(&self, counter: &str, by: i64, time_to_live: Duration) -> Result<i64, EphemeralError>;

    /// Gives a member of a queue a deadline, in place of the one that it has; `None` takes that away.
    async fn schedule(
        &self,
        queue: &str,
        member: &str,
        deadline: Option<LogTime>,
    ) -> Result<(), EphemeralError>;

    /// Up to `most` members whose deadline has passed, the oldest first. Each gets a new deadline at `again_at`
    /// in the same step, so that one caller handles it, and another one later if the first does not.
    async fn due(
        &self,
        queue: &str,
        now: LogTime,
        again_at: LogTime,
        most: usize,
    ) -> Result<Vec<String>, EphemeralError>;

    /// Gives a message to those who are subscribed to a channel now.
    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), EphemeralError>;

    /// The messages of a channel from now on. A process subscribes to few channels, each for its whole life.
    fn subscribe(&self, channel: &'static str) -> Subscription;
}

/// What comes to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Message(Bytes),
    /// Messages come from here on; some before may have been missed. A subscription begins with it.
    Resumed,
}

/// A subscription to a channel.
pub struct Subscription {
    receiver: broadcast::Receiver<Incoming>,
    /// Whether the channel delivered already when this subscribed.
    is_resumed: bool,
}

impl Subscription {
    /// For adapters: over what an adapter sends to all subscribers of a channel.
    pub fn new(receiver: broadcast::Receiver<Incoming>, is_resumed: bool) -> Self {
        Self { receiver, is_resumed }
    }

    /// What comes next; waits for it. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Incoming {
        if std::mem::take(&mut self.is_resumed) {
            return Incoming::Resumed;
        }
        match self.receiver.recv().await {
            Ok(incoming) => incoming,
            Err(RecvError::Lagged(_)) => Incoming::Resumed,
            // The adapter has ended, and the process is about to.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Refuses what no adapter keeps.
pub fn check_bytes(bytes: &Bytes) -> Result<(), EphemeralError> {
    if bytes.len() > MAX_BYTES {
        return Err(EphemeralError::Refused(format!("{} bytes are more than {MAX_BYTES}", bytes.len())));
    }
    Ok(())
}

/// Refuses a read of too many keys.
pub fn check_keys(keys: &[String]) -> Result<(), EphemeralError> {
    if keys.len() > MAX_KEYS {
        return Err(EphemeralError::Refused(format!("{} keys are more than {MAX_KEYS}", keys.len())));
    }
    Ok(())
}
