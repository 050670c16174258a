//! At most one push in a window for a user and a conversation; later messages of the window share the next one.
//!
//! Invariants: a message is in one push of a process, also where its batch is tried again. Of those who wait for one
//! window, the first sends for all; if it fails, the next try takes its place. Pairs of past windows are forgotten.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use domain::pushing::WINDOW_MS;
use platform::lock::locked;
use schemas::position::LogTime;
use schemas::{ConversationId, UserId};

type Key = (UserId, ConversationId);

/// Pairs that are kept before past ones are looked for.
const LOOK_AT: usize = 4_096;
/// A pair is kept for so long after its last push: batches that are tried again are not older.
const KEPT_MS: i64 = 10 * 60 * 1_000;

#[derive(Default)]
pub struct Pairs {
    pairs: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    by_key: HashMap<Key, Pair>,
    look_at: usize,
}

struct Pair {
    pushed_at: LogTime,
    /// The newest message of the last push.
    pushed: i64,
    /// Messages since.
    waiting: BTreeSet<i64>,
    /// One of them sends for all.
    is_claimed: bool,
    /// The user has read what was pushed, and their apps were told.
    is_withdrawn: bool,
}

/// What becomes of a message.
pub enum Turn<'a> {
    /// It is pushed now, alone.
    Now,
    /// It waits until a time, and sends for all that wait then.
    At(LogTime, Claim<'a>),
    /// It is in a push already, or one that waits sends for it.
    Shared,
}

impl Pairs {
    pub fn enter(&self, user: &UserId, conversation: &ConversationId, seq: i64, now: LogTime) -> Turn<'_> {
        let key = (user.clone(), conversation.clone());
        let mut known = locked(&self.pairs);
        known.forget_past(now);
        let Some(pair) = known.by_key.get_mut(&key) else {
            known.by_key.insert(key, Pair::new(seq, now));
            return Turn::Now;
        };
        if seq <= pair.pushed {
            return Turn::Shared;
        }
        if pair.waiting.is_empty() && now - pair.pushed_at >= WINDOW_MS {
            *pair = Pair::new(seq, now);
            return Turn::Now;
        }
        pair.waiting.insert(seq);
        if pair.is_claimed {
            return Turn::Shared;
        }
        pair.is_claimed = true;
        Turn::At(pair.pushed_at + WINDOW_MS, Claim { pairs: self, key })
    }
}

impl Pairs {
    /// Whether the last push of a pair is of what was read, which is said once. Unknown of pairs that are forgotten.
    pub fn was_pushed(&self, user: &UserId, conversation: &ConversationId, read_up_to: i64) -> bool {
        let mut known = locked(&self.pairs);
        let Some(pair) = known.by_key.get_mut(&(user.clone(), conversation.clone())) else { return false };
        let was_pushed = !pair.is_withdrawn && pair.pushed <= read_up_to;
        pair.is_withdrawn |= was_pushed;
        was_pushed
    }
}

impl Pair {
    fn new(pushed: i64, pushed_at: LogTime) -> Self {
        Self { pushed_at, pushed, waiting: BTreeSet::new(), is_claimed: false, is_withdrawn: false }
    }
}

impl Known {
    fn forget_past(&mut self, now: LogTime) {
        if self.by_key.len() < self.look_at.max(LOOK_AT) {
            return;
        }
        self.by_key.retain(|_, pair| !pair.waiting.is_empty() || now - pair.pushed_at < KEPT_MS);
        self.look_at = self.by_key.len() * 2;
    }
}

/// The right to send for all of a pair that wait; without a push, the next who enters has it.
pub struct Claim<'a> {
    pairs: &'a Pairs,
    key: Key,
}

impl Claim<'_> {
    /// The newest message that waits, and how many do.
    pub fn waiting(&self) -> Option<(i64, usize)> {
        let known = locked(&self.pairs.pairs);
        let waiting = &known.by_key.get(&self.key)?.waiting;
        Some((*waiting.last()?, waiting.len()))
    }

    /// Messages up to one are pushed, or need no push.
    pub fn settle(self, up_to: i64, pushed_at: Option<LogTime>) {
        let mut known = locked(&self.pairs.pairs);
        if let Some(pair) = known.by_key.get_mut(&self.key) {
            pair.pushed = pair.pushed.max(up_to);
            if let Some(pushed_at) = pushed_at {
                (pair.pushed_at, pair.is_withdrawn) = (pushed_at, false);
            }
            pair.waiting = pair.waiting.split_off(&(up_to + 1));
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(pair) = locked(&self.pairs.pairs).by_key.get_mut(&self.key) {
            pair.is_claimed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        name.parse().unwrap()
    }

    fn conversation() -> ConversationId {
        format!("{:032x}", 1).parse().unwrap()
    }

    fn enter<'a>(pairs: &'a Pairs, seq: i64, now: LogTime) -> Turn<'a> {
        pairs.enter(&user("ann"), &conversation(), seq, now)
    }

    fn is_shared(turn: Turn<'_>) -> bool {
        match turn {
            Turn::Shared => true,
            Turn::Now | Turn::At(..) => false,
        }
    }

    fn claim(turn: Turn<'_>) -> (LogTime, Claim<'_>) {
        match turn {
            Turn::At(time, claim) => (time, claim),
            Turn::Now | Turn::Shared => panic!("no claim"),
        }
    }

    fn is_now(turn: Turn<'_>) -> bool {
        match turn {
            Turn::Now => true,
            Turn::At(..) | Turn::Shared => false,
        }
    }

    #[test]
    fn messages_of_a_window_wait_for_its_end_and_share_a_push() {
        let pairs = Pairs::default();
        assert!(is_now(enter(&pairs, 1, 0)));
        assert!(is_shared(enter(&pairs, 1, 0)), "tried again");
        assert!(is_now(pairs.enter(&user("bob"), &conversation(), 1, 1)), "another pair");
        let (time, claim) = claim(enter(&pairs, 2, 1_000));
        assert_eq!(time, WINDOW_MS);
        for (seq, now) in [(2, 1_000), (3, 2_000), (4, WINDOW_MS)] {
            assert!(is_shared(enter(&pairs, seq, now)), "{seq}");
        }
        assert_eq!(claim.waiting(), Some((4, 3)));
        // What comes while the rows are read waits for the next window.
        assert!(is_shared(enter(&pairs, 5, WINDOW_MS)));
        claim.settle(4, Some(WINDOW_MS));
        let (time, claim) = super::tests::claim(enter(&pairs, 5, WINDOW_MS + 1));
        assert_eq!((time, claim.waiting()), (2 * WINDOW_MS, Some((5, 1))));
        claim.settle(5, None);
        assert!(is_now(enter(&pairs, 6, 3 * WINDOW_MS)));
    }

    #[test]
    fn a_claim_that_fails_leaves_its_messages_to_the_next_try() {
        let pairs = Pairs::default();
        assert!(is_now(enter(&pairs, 1, 0)));
        let (_, first) = claim(enter(&pairs, 2, 1));
        assert!(is_shared(enter(&pairs, 3, 1)));
        drop(first);
        let (time, again) = claim(enter(&pairs, 2, 2 * WINDOW_MS));
        assert_eq!((time, again.waiting()), (WINDOW_MS, Some((3, 2))));
    }

    #[test]
    fn what_was_pushed_and_read_is_withdrawn_once() {
        let pairs = Pairs::default();
        let was_pushed = |up_to| pairs.was_pushed(&user("ann"), &conversation(), up_to);
        assert!(!was_pushed(9), "nothing was pushed");
        assert!(is_now(enter(&pairs, 2, 0)));
        assert!(!was_pushed(1) && was_pushed(2) && !was_pushed(3));
        let (_, claim) = claim(enter(&pairs, 4, 1));
        assert!(!was_pushed(4), "it waits, and is not pushed once it is read");
        claim.settle(4, Some(WINDOW_MS));
        assert!(!was_pushed(3) && was_pushed(4) && !was_pushed(4));
        assert!(is_now(enter(&pairs, 5, 3 * WINDOW_MS)));
        assert!(was_pushed(5));
    }

    #[test]
    fn pairs_of_past_windows_are_forgotten() {
        let pairs = Pairs::default();
        for number in 0..3 * LOOK_AT {
            let now = number as i64 * 1_000;
            assert!(is_now(pairs.enter(&user(&format!("u{number}")), &conversation(), 1, now)));
        }
        assert!(locked(&pairs.pairs).by_key.len() <= LOOK_AT + 1);
    }
}
