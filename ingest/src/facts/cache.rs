//! A cache of reads whose invalidations come over the log.
//!
//! Invariants: invalidations precede row writes, so a read that raced one is discarded by its version; an
//! entry is at most [`KEPT`] old; misses are never cached.

use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use graphql::rows::Versioned;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use schemas::position::Version;

/// The longest life of an entry, even if no change of it was reported.
const KEPT: Duration = Duration::from_secs(60);
/// An invalidation is kept while an older entry may be cached, or on its way here from the tables.
const INVALID_FOR: Duration = Duration::from_secs(120);
/// The most entries, and the most invalidations; the newest stay.
const MAX_ENTRIES: u64 = 50_000;

/// An invalidation of a subject is one of all its entries.
pub struct InvalidatedCache<S, K, V> {
    entries: Cache<(S, K), Versioned<V>>,
    changes: Cache<S, Version>,
    /// Whether invalidations are followed.
    is_followed: AtomicBool,
}

impl<S, K, V> InvalidatedCache<S, K, V>
where
    S: Hash + Eq + Clone + Send + Sync + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// It answers nothing before [`Self::start`].
    pub fn new() -> Self {
        Self {
            entries: Cache::builder().max_capacity(MAX_ENTRIES).time_to_live(KEPT).build(),
            changes: Cache::builder()
                .max_capacity(MAX_ENTRIES)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(INVALID_FOR)
                .build(),
            is_followed: AtomicBool::new(false),
        }
    }

    /// From now on every change is reported.
    pub fn start(&self) {
        self.is_followed.store(true, Ordering::Release);
    }

    pub fn get(&self, subject: &S, key: &K) -> Option<V> {
        if !self.is_followed.load(Ordering::Acquire) {
            return None;
        }
        let entry = self.entries.get(&(subject.clone(), key.clone()))?;
        let is_valid = self.changes.get(subject).is_none_or(|change| entry.version >= change);
        is_valid.then_some(entry.value)
    }

    /// Caches what was read.
    pub fn insert(&self, subject: &S, key: &K, read: Versioned<V>) {
        self.entries.insert((subject.clone(), key.clone()), read);
    }

    /// Rows below this version are out of date.
    pub fn invalidate(&self, subject: S, version: Version) {
        self.changes.entry(subject).and_upsert_with(|known| match known {
            Some(known) => version.max(known.into_value()),
            None => version,
        });
    }

    /// A change whose version is unknown: nothing of the subject is answered for [`INVALID_FOR`].
    pub fn invalidate_for_a_while(&self, subject: S) {
        self.invalidate(subject, Version(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Names = InvalidatedCache<&'static str, u8, &'static str>;

    fn started() -> Names {
        let cache = InvalidatedCache::new();
        cache.start();
        cache
    }

    fn read(version: i64, value: &'static str) -> Versioned<&'static str> {
        Versioned { version: Version(version), value }
    }

    #[test]
    fn an_entry_is_valid_until_its_subject_changes() {
        let cache = started();
        assert_eq!(cache.get(&"a", &1), None);
        cache.insert(&"a", &1, read(5, "old"));
        cache.insert(&"b", &1, read(5, "other"));
        assert_eq!(cache.get(&"a", &1), Some("old"));
        cache.invalidate("a", Version(6));
        assert_eq!(cache.get(&"a", &1), None);
        assert_eq!(cache.get(&"a", &2), None);
        assert_eq!(cache.get(&"b", &1), Some("other"));
    }

    #[test]
    fn a_read_that_raced_its_invalidation_is_discarded() {
        let cache = started();
        cache.invalidate("a", Version(6));
        cache.insert(&"a", &1, read(5, "old"));
        assert_eq!(cache.get(&"a", &1), None);
        cache.insert(&"a", &1, read(6, "new"));
        assert_eq!(cache.get(&"a", &1), Some("new"));
    }

    #[test]
    fn a_late_or_repeated_invalidation_undoes_nothing() {
        let cache = started();
        cache.invalidate("a", Version(6));
        cache.invalidate("a", Version(4));
        cache.insert(&"a", &1, read(5, "old"));
        assert_eq!(cache.get(&"a", &1), None);
        cache.insert(&"a", &1, read(7, "new"));
        cache.invalidate("a", Version(7));
        assert_eq!(cache.get(&"a", &1), Some("new"));
    }

    #[test]
    fn nothing_is_answered_where_changes_are_not_followed() {
        let cache = Names::new();
        cache.insert(&"a", &1, read(5, "old"));
        assert_eq!(cache.get(&"a", &1), None);
    }
}
