//! What each key may hold at once: connections of an address, requests of a user.
//!
//! Invariant: a key never holds more than its bound, and is forgotten when it holds nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::lock::locked;

/// Counts what each key holds.
pub struct Shares<K> {
    most: usize,
    held: Mutex<HashMap<K, usize>>,
}

/// One of what a key may hold, until it is dropped.
pub struct Share<K: Eq + Hash> {
    of: Arc<Shares<K>>,
    key: K,
}

impl<K: Eq + Hash> Shares<K> {
    /// Each key may hold `most`.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// One more for a key, if it does not hold all that it may.
    pub fn take(self: &Arc<Self>, key: K) -> Option<Share<K>>
    where
        K: Clone,
    {
        let mut held = self.held();
        let count = held.get(&key).copied().unwrap_or(0);
        (count < self.most).then(|| {
            held.insert(key.clone(), count + 1);
            Share { of: self.clone(), key }
        })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        locked(&self.held)
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.of.held();
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_holds_no_more_than_its_bound_and_is_forgotten_with_the_last() {
        let shares = Shares::new(2);
        let [one, two] = [shares.take("a"), shares.take("a")].map(Option::unwrap);
        assert!(shares.take("a").is_none());
        assert!(shares.take("b").is_some());
        drop(one);
        let three = shares.take("a").unwrap();
        drop((two, three));
        assert!(shares.held().is_empty());
    }
}
