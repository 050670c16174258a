//! What each user holds of a node: sockets, operations on them, and the bytes that those keep.
//!
//! Invariants: each is bounded, over all shards; it is given back when its holder is dropped, and a user who
//! has no socket is forgotten.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use platform::lock::locked;
use schemas::UserId;

use crate::Options;

/// The users of a node.
pub struct Quotas {
    sockets: usize,
    operations: usize,
    bytes: usize,
    users: Mutex<HashMap<UserId, Holding>>,
}

struct Holding {
    sockets: usize,
    used: Arc<Used>,
}

#[derive(Default)]
struct Used {
    operations: AtomicUsize,
    bytes: AtomicUsize,
}

/// One socket of a user.
pub struct Seat {
    quotas: Arc<Quotas>,
    user: UserId,
    used: Arc<Used>,
}

/// One operation, and what it keeps.
pub struct Kept {
    used: Arc<Used>,
    bytes: u32,
}

impl Quotas {
    pub fn new(options: &Options) -> Arc<Self> {
        Arc::new(Self {
            sockets: options.sockets_per_user,
            operations: options.operations_per_user,
            bytes: options.bytes_per_user,
            users: Mutex::default(),
        })
    }

    /// One more socket of a user; none beyond the bound.
    pub fn seat(self: &Arc<Self>, user: &UserId) -> Option<Seat> {
        let mut users = self.users();
        let holding =
            users.entry(user.clone()).or_insert_with(|| Holding { sockets: 0, used: Arc::default() });
        if holding.sockets >= self.sockets {
            return None;
        }
        holding.sockets += 1;
        Some(Seat { quotas: self.clone(), user: user.clone(), used: holding.used.clone() })
    }

    fn users(&self) -> MutexGuard<'_, HashMap<UserId, Holding>> {
        locked(&self.users)
    }
}

impl Seat {
    /// One more operation of the user, which keeps `bytes`; none beyond a bound.
    pub fn keep(&self, bytes: u32) -> Option<Kept> {
        take(&self.used.operations, 1, self.quotas.operations)?;
        // Given back if there is no room for the bytes.
        let mut kept = Kept { used: self.used.clone(), bytes: 0 };
        take(&self.used.bytes, bytes as usize, self.quotas.bytes)?;
        kept.bytes = bytes;
        Some(kept)
    }
}

impl Kept {
    pub fn bytes(&self) -> usize {
        self.bytes as usize
    }
}

fn take(held: &AtomicUsize, more: usize, most: usize) -> Option<()> {
    let taken = |held: usize| held.checked_add(more).filter(|sum| *sum <= most);
    held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).ok().map(drop)
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut users = self.quotas.users();
        if let Some(holding) = users.get_mut(&self.user) {
            holding.sockets -= 1;
            if holding.sockets == 0 {
                users.remove(&self.user);
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.used.operations.fetch_sub(1, Ordering::Relaxed);
        self.used.bytes.fetch_sub(self.bytes as usize, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_holds_no_more_than_the_bounds_on_all_sockets_together() {
        let options = Options {
            sockets_per_user: 2,
            operations_per_user: 3,
            bytes_per_user: 100,
            ..Options::default()
        };
        let quotas = Quotas::new(&options);
        let (ann, bob) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let [one, two] = [quotas.seat(&ann), quotas.seat(&ann)].map(Option::unwrap);
        assert!(quotas.seat(&ann).is_none());
        let other = quotas.seat(&bob).unwrap();
        let first = one.keep(60).unwrap();
        assert!(two.keep(41).is_none(), "bytes");
        let second = two.keep(40).unwrap();
        assert!(one.keep(1).is_none() && other.keep(100).is_some());
        drop(second);
        let kept = [one.keep(0), two.keep(0)].map(Option::unwrap);
        assert!(one.keep(0).is_none(), "operations");
        drop((first, kept));
        assert!(two.keep(100).is_some());
        drop((one, two, other));
        assert!(quotas.users().is_empty());
    }
}
