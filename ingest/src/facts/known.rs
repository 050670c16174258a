//! What was read lately and still holds.
//!
//! Invariants: what is known is as new as the newest change that was told, and at most [`KEPT`] old.
//! A change is told before its rows are written, so what is read from rows that do not have it yet is
//! not known. That something is not there is never known.

use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use graphql::reads::Dated;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use schemas::position::Version;

/// How old something known may be, even if no change of it was told.
const KEPT: Duration = Duration::from_secs(60);
/// A change is remembered while something older may be known, or be on its way here from the tables.
const REMEMBERED: Duration = Duration::from_secs(120);
/// Things that are known, and changes that are remembered, of these the newest.
const MOST: u64 = 50_000;

/// A change of a subject changes everything that is known of it.
pub struct Known<S, K, V> {
    things: Cache<(S, K), Dated<V>>,
    changes: Cache<S, Version>,
    /// Whether changes are told.
    is_told: AtomicBool,
}

impl<S, K, V> Known<S, K, V>
where
    S: Hash + Eq + Clone + Send + Sync + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Knows nothing until it is told of changes.
    pub fn new() -> Self {
        Self {
            things: Cache::builder().max_capacity(MOST).time_to_live(KEPT).build(),
            changes: Cache::builder()
                .max_capacity(MOST)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(REMEMBERED)
                .build(),
            is_told: AtomicBool::new(false),
        }
    }

    /// From now on every change is told.
    pub fn begin(&self) {
        self.is_told.store(true, Ordering::Release);
    }

    pub fn get(&self, subject: &S, key: &K) -> Option<V> {
        if !self.is_told.load(Ordering::Acquire) {
            return None;
        }
        let known = self.things.get(&(subject.clone(), key.clone()))?;
        let holds = self.changes.get(subject).is_none_or(|change| known.version >= change);
        holds.then_some(known.value)
    }

    /// Takes in what was read.
    pub fn learn(&self, subject: &S, key: &K, read: Dated<V>) {
        self.things.insert((subject.clone(), key.clone()), read);
    }

    /// Rows below this version are out of date.
    pub fn changed(&self, subject: S, version: Version) {
        self.changes.entry(subject).and_upsert_with(|known| match known {
            Some(known) => version.max(known.into_value()),
            None => version,
        });
    }

    /// It changes, and which rows will have the change cannot be told: for a time nothing is known of it.
    pub fn doubted(&self, subject: S) {
        self.changed(subject, Version(i64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Names = Known<&'static str, u8, &'static str>;

    fn told() -> Names {
        let known = Known::new();
        known.begin();
        known
    }

    fn read(version: i64, value: &'static str) -> Dated<&'static str> {
        Dated { version: Version(version), value }
    }

    #[test]
    fn what_was_read_is_known_until_it_changes() {
        let known = told();
        assert_eq!(known.get(&"a", &1), None);
        known.learn(&"a", &1, read(5, "old"));
        known.learn(&"b", &1, read(5, "other"));
        assert_eq!(known.get(&"a", &1), Some("old"));
        known.changed("a", Version(6));
        assert_eq!(known.get(&"a", &1), None);
        assert_eq!(known.get(&"a", &2), None);
        assert_eq!(known.get(&"b", &1), Some("other"));
    }

    #[test]
    fn rows_that_do_not_have_a_change_yet_do_not_count() {
        let known = told();
        known.changed("a", Version(6));
        known.learn(&"a", &1, read(5, "old"));
        assert_eq!(known.get(&"a", &1), None);
        known.learn(&"a", &1, read(6, "new"));
        assert_eq!(known.get(&"a", &1), Some("new"));
    }

    #[test]
    fn a_change_that_is_told_late_or_again_undoes_nothing() {
        let known = told();
        known.changed("a", Version(6));
        known.changed("a", Version(4));
        known.learn(&"a", &1, read(5, "old"));
        assert_eq!(known.get(&"a", &1), None);
        known.learn(&"a", &1, read(7, "new"));
        known.changed("a", Version(7));
        assert_eq!(known.get(&"a", &1), Some("new"));
    }

    #[test]
    fn nothing_is_known_where_no_change_is_told() {
        let known = Names::new();
        known.learn(&"a", &1, read(5, "old"));
        assert_eq!(known.get(&"a", &1), None);
    }
}
