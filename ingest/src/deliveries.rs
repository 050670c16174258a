//! Delivery marks that devices acknowledge: of one user in one conversation the first goes at once, later
//! ones together, once a second.
//!
//! Invariant: a mark that joins a waiting command is part of it; a command that has started takes no more.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use platform::lock::locked;
use schemas::{ConversationId, Refusal, UserId};
use tokio::time::{Instant, sleep_until};

/// See [`Deliveries::every`].
const EVERY: Duration = Duration::from_secs(1);
/// From this many on, those that nothing waits for are forgotten.
const SWEEP_AT: usize = 10_000;

type Key = (UserId, ConversationId);
type Done = Shared<BoxFuture<'static, Result<(), Refusal>>>;

struct Slot {
    /// When the next command may start.
    next_at: Instant,
    waiting: Option<Waiting>,
}

/// A command that has not started, and what it is to ask for.
struct Waiting {
    up_to: i64,
    done: Done,
}

#[derive(Clone)]
pub struct Deliveries {
    slots: Arc<Mutex<HashMap<Key, Slot>>>,
    /// Between the starts of two commands of one user in one conversation.
    every: Duration,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self { slots: Arc::default(), every: EVERY }
    }
}

impl Deliveries {
    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        locked(&self.slots)
    }

    /// Requests a mark by `run`, or by a command that already waits; the answer comes when that has run. When
    /// every requester has gone, the next request runs the command.
    pub fn mark<F>(&self, key: Key, up_to: i64, run: impl FnOnce(i64) -> F + Send + 'static) -> Done
    where
        F: Future<Output = Result<(), Refusal>> + Send + 'static,
    {
        let now = Instant::now();
        let mut slots = self.slots();
        if slots.len() >= SWEEP_AT {
            slots.retain(|_, slot| slot.next_at > now || slot.waiting.is_some());
        }
        let slot = slots.entry(key.clone()).or_insert(Slot { next_at: now, waiting: None });
        if let Some(waiting) = &mut slot.waiting {
            waiting.up_to = waiting.up_to.max(up_to);
            return waiting.done.clone();
        }
        let start = slot.next_at.max(now);
        let this = self.clone();
        let command = async move {
            sleep_until(start).await;
            match this.start(&key) {
                Some(up_to) => run(up_to).await,
                None => Ok(()),
            }
        };
        let done = command.boxed().shared();
        slot.waiting = Some(Waiting { up_to, done: done.clone() });
        done
    }

    /// Takes what waits: from here on others wait for the next command.
    fn start(&self, key: &Key) -> Option<i64> {
        let mut slots = self.slots();
        let slot = slots.get_mut(key)?;
        slot.next_at = Instant::now() + self.every;
        slot.waiting.take().map(|waiting| waiting.up_to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        ("ann".parse().unwrap(), "0".repeat(32).parse().unwrap())
    }

    /// Marks by a command that notes what it was asked for.
    fn mark(deliveries: &Deliveries, asked: &Arc<Mutex<Vec<i64>>>, up_to: i64) -> Done {
        let asked = asked.clone();
        deliveries.mark(key(), up_to, move |up_to| async move {
            asked.lock().unwrap().push(up_to);
            Ok(())
        })
    }

    fn every(every: Duration) -> Deliveries {
        Deliveries { every, ..Deliveries::default() }
    }

    #[tokio::test]
    async fn the_first_goes_at_once_and_those_of_a_while_together() {
        let (while_, asked) = (Duration::from_millis(100), Arc::default());
        let deliveries = every(while_);
        mark(&deliveries, &asked, 1).await.unwrap();
        let began = Instant::now();
        let (three, two) = (mark(&deliveries, &asked, 3), mark(&deliveries, &asked, 2));
        three.await.unwrap();
        two.await.unwrap();
        assert!(began.elapsed() >= while_ / 2, "{:?}", began.elapsed());
        assert_eq!(*asked.lock().unwrap(), [1, 3]);
    }

    #[tokio::test]
    async fn a_mark_whose_client_has_gone_is_asked_for_with_the_next() {
        let (deliveries, asked) = (every(Duration::from_millis(20)), Arc::default());
        mark(&deliveries, &asked, 1).await.unwrap();
        drop(mark(&deliveries, &asked, 5));
        mark(&deliveries, &asked, 2).await.unwrap();
        assert_eq!(*asked.lock().unwrap(), [1, 5]);
    }
}
