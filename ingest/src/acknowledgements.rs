//! Commands that are queued and that the log has not acknowledged yet.
//!
//! Invariants:
//! - A failed delivery is noticed even if its request has gone: nothing can be appended after it, so the
//!   process ends.
//! - A partition that has acknowledged nothing for too long gets no further command: its refusal says that
//!   nothing has happened.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use platform::lock::locked;
use platform::ports::{LogError, Receipt};
use schemas::Refusal;
use schemas::position::Partition;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::metrics;

/// A partition of a topic, by its name.
pub type Place = (&'static str, Partition);

pub struct Acknowledgements {
    queued: mpsc::Sender<(Place, Receipt)>,
    /// Held by the one task that watches.
    watched: tokio::sync::Mutex<mpsc::Receiver<(Place, Receipt)>>,
    /// When each command without acknowledgement was queued, oldest first.
    unacknowledged: Mutex<HashMap<Place, VecDeque<Instant>>>,
    most: usize,
    patience: Duration,
}

/// Room for one command.
pub struct Room<'a> {
    acknowledgements: &'a Acknowledgements,
    place: Place,
    room: mpsc::Permit<'a, (Place, Receipt)>,
}

impl Acknowledgements {
    /// For `most` commands at once; a partition may take `patience` to acknowledge.
    pub fn new(most: usize, patience: Duration) -> Self {
        let (queued, watched) = mpsc::channel(most.max(1));
        let watched = tokio::sync::Mutex::new(watched);
        Self { queued, watched, unacknowledged: Mutex::default(), most, patience }
    }

    fn unacknowledged(&self) -> MutexGuard<'_, HashMap<Place, VecDeque<Instant>>> {
        locked(&self.unacknowledged)
    }

    /// Reserves room for a command to a partition, before it is queued.
    pub fn reserve(&self, place: Place) -> Result<Room<'_>, Refusal> {
        let oldest = self.unacknowledged().get(&place).and_then(|queued| queued.front().copied());
        let room = self.queued.try_reserve();
        match room {
            Ok(room) if oldest.is_none_or(|oldest| oldest.elapsed() <= self.patience) => {
                Ok(Room { acknowledgements: self, place, room })
            }
            _ => {
                metrics::STALLED.inc();
                Err(Refusal::unavailable("the log does not answer"))
            }
        }
    }

    /// Resolves when a delivery has failed.
    pub async fn failure(&self) -> LogError {
        let mut watched = self.watched.lock().await;
        let mut awaited = FuturesUnordered::new();
        loop {
            let (place, delivered) = tokio::select! {
                Some((place, receipt)) = watched.recv(), if awaited.len() < self.most => {
                    awaited.push(async move { (place, receipt.await) });
                    continue;
                }
                Some(ended) = awaited.next(), if !awaited.is_empty() => ended,
            };
            if let Some(queued) = self.unacknowledged().get_mut(&place) {
                // A partition acknowledges in the order of appends.
                queued.pop_front();
            }
            if let Err(error) = delivered {
                return error;
            }
        }
    }
}

impl Room<'_> {
    /// The command is queued.
    pub fn fill(self, receipt: Receipt) {
        self.acknowledgements.unacknowledged().entry(self.place).or_default().push_back(Instant::now());
        self.room.send((self.place, receipt));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use schemas::code::ErrorCode;

    use super::*;

    const HERE: Place = ("commands", 3);
    const THERE: Place = ("commands", 4);

    fn acknowledged() -> Receipt {
        Box::pin(async { Ok(7) })
    }

    fn silent() -> Receipt {
        Box::pin(std::future::pending())
    }

    fn code(refused: Result<Room<'_>, Refusal>) -> Option<ErrorCode> {
        refused.err().map(|refusal| refusal.code)
    }

    #[tokio::test]
    async fn a_partition_that_does_not_acknowledge_is_given_nothing_more() {
        let acknowledgements = Acknowledgements::new(8, Duration::ZERO);
        acknowledgements.reserve(HERE).unwrap().fill(silent());
        acknowledgements.reserve(THERE).unwrap().fill(acknowledged());
        assert!(acknowledgements.failure().now_or_never().is_none());
        assert_eq!(code(acknowledgements.reserve(HERE)), Some(ErrorCode::Unavailable));
        assert_eq!(code(acknowledgements.reserve(THERE)), None);
    }

    #[tokio::test]
    async fn a_failed_delivery_is_noticed_and_commands_are_bounded() {
        let acknowledgements = Acknowledgements::new(2, Duration::from_secs(2));
        acknowledgements.reserve(HERE).unwrap().fill(acknowledged());
        let room = acknowledgements.reserve(HERE).unwrap();
        assert_eq!(code(acknowledgements.reserve(THERE)), Some(ErrorCode::Unavailable));
        room.fill(Box::pin(async { Err(LogError::Unknown("lost".into())) }));
        assert!(matches!(acknowledgements.failure().await, LogError::Unknown(_)));
    }
}
