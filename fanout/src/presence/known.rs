//! Users who are there, as a node knows them, and the changes that wait to be handled.
//!
//! Invariants: a user's changes wait in one lane, in their order; a change without room is dropped, and
//! corrected later.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use awareness::presence::Seen;
use domain::presence::Status;
use foldhash::fast::FixedState;
use platform::lock::locked;
use schemas::UserId;
use schemas::position::LogTime;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::Change;
use crate::hub::Parted;
use crate::metrics::{self, Dropped};

/// Users who are known; changes of further ones are dropped.
const MOST: usize = 500_000;
/// How long a user who is gone stays known, so that a late message does not bring them back.
const GONE_FOR: Duration = Duration::from_secs(60);
/// Lanes, and changes that may wait in each.
const LANES: usize = 16;
const WAITING: usize = 1_024;

type Lane = mpsc::Receiver<Change>;

pub struct Present {
    known: Mutex<HashMap<UserId, Known>>,
    lanes: Vec<mpsc::Sender<Change>>,
    receivers: tokio::sync::Mutex<Vec<Lane>>,
    missed: Notify,
}

struct Known {
    seen: Seen,
    version: LogTime,
    at: Instant,
}

impl Default for Present {
    fn default() -> Self {
        let (lanes, receivers) = (0..LANES).map(|_| mpsc::channel(WAITING)).unzip();
        let receivers = tokio::sync::Mutex::new(receivers);
        Self { known: Mutex::default(), lanes, receivers, missed: Notify::new() }
    }
}

impl Present {
    fn known(&self) -> MutexGuard<'_, HashMap<UserId, Known>> {
        locked(&self.known)
    }

    /// The lanes of waiting changes, for the one who handles them.
    pub(super) async fn lanes(&self) -> tokio::sync::MutexGuard<'_, Vec<Lane>> {
        self.receivers.lock().await
    }

    /// Queues a change.
    pub(super) fn pass(&self, change: Change) {
        let of = match &change {
            Change::Published(changed) => &changed.seen.user,
            Change::Parted(parted) => &parted.of,
        };
        let lane = FixedState::default().hash_one(of) as usize % LANES;
        if self.lanes[lane].try_send(change).is_err() {
            metrics::dropped(Dropped::Presence).inc();
            self.miss();
        }
    }

    /// What hides others from users who are here has begun or ended.
    pub fn part(&self, parted: Vec<Parted>) {
        parted.into_iter().for_each(|parted| self.pass(Change::Parted(parted)));
    }

    /// Records that a change was missed and has to be corrected.
    pub(super) fn miss(&self) {
        self.missed.notify_one();
    }

    pub(super) async fn missed(&self) {
        self.missed.notified().await;
    }

    /// What is known of a user, with its version.
    pub(super) fn get(&self, user: &UserId) -> Option<(Seen, LogTime)> {
        self.known().get(user).map(|known| (known.seen.clone(), known.version))
    }

    /// What is known of users who are there, each with its version.
    pub(super) fn there(&self) -> Vec<(Seen, LogTime)> {
        let known = self.known();
        let there = known.values().filter(|known| known.seen.status != Status::Offline);
        there.map(|known| (known.seen.clone(), known.version)).collect()
    }

    pub(super) fn has_room(&self, is_known: bool) -> bool {
        is_known || self.known().len() < MOST
    }

    pub(super) fn learn(&self, seen: Seen, version: LogTime, at: Instant) {
        self.known().insert(seen.user.clone(), Known { seen, version, at });
    }

    pub(super) fn forget_gone(&self, now: Instant) {
        self.known().retain(|_, known| known.seen.status != Status::Offline || now < known.at + GONE_FOR);
    }
}

#[cfg(test)]
mod tests {
    use awareness::presence::Changed;
    use schemas::privacy::Audience;

    use super::*;

    fn seen(user: &str, status: Status) -> Seen {
        let user = user.parse().unwrap();
        Seen { user, status, last_seen: None, audience: Audience::Everyone }
    }

    #[test]
    fn a_user_who_is_gone_is_forgotten_after_a_minute_and_one_who_is_there_is_not() {
        let (present, now) = (Present::default(), Instant::now());
        let (ann, bob) = (seen("ann", Status::Away), seen("bob", Status::Offline));
        present.learn(ann.clone(), 1, now);
        present.learn(bob.clone(), 2, now);
        present.forget_gone(now + GONE_FOR - Duration::from_millis(1));
        assert_eq!(present.get(&bob.user), Some((bob.clone(), 2)));
        assert_eq!(present.there(), [(ann.clone(), 1)]);
        present.forget_gone(now + GONE_FOR);
        assert_eq!(present.get(&bob.user), None);
        assert_eq!(present.get(&ann.user), Some((ann, 1)));
    }

    #[tokio::test]
    async fn changes_of_a_user_wait_in_their_order_and_one_without_room_is_missed() {
        let present = Present::default();
        let change = |version| {
            let seen = seen("ann", Status::Online);
            Change::Published(Changed { seen, version, audience_before: None, conversations: vec![] })
        };
        (0..WAITING as LogTime).for_each(|version| present.pass(change(version)));
        let missed =
            async |present: &Present| tokio::time::timeout(Duration::ZERO, present.missed()).await.is_ok();
        assert!(!missed(&present).await);
        present.pass(change(WAITING as LogTime));
        assert!(missed(&present).await);
        let mut versions = vec![];
        for lane in present.lanes().await.iter_mut() {
            while let Ok(Change::Published(changed)) = lane.try_recv() {
                versions.push(changed.version);
            }
        }
        assert_eq!(versions, (0..WAITING as LogTime).collect::<Vec<_>>());
    }
}
