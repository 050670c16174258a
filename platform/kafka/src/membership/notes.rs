//! Offsets to be committed: the newest of each partition.
//!
//! Invariant: one commit is in flight at a time, so an older offset never follows a newer one.

use std::collections::BTreeMap;

use schemas::position::{Offset, Partition};

#[derive(Debug, Default)]
pub(super) struct Notes {
    noted: BTreeMap<Partition, Offset>,
    in_flight: BTreeMap<Partition, Offset>,
    /// Something is in flight, even if all that it holds was lost since.
    busy: bool,
}

impl Notes {
    pub(super) fn note(&mut self, partition: Partition, next: Offset) {
        self.noted.insert(partition, next);
    }

    /// What is not known to be committed yet.
    pub(super) fn newest(&self, partition: Partition) -> Option<Offset> {
        self.noted.get(&partition).or_else(|| self.in_flight.get(&partition)).copied()
    }

    /// What to commit now; it is in flight then. Nothing while something is.
    pub(super) fn begin(&mut self) -> Option<BTreeMap<Partition, Offset>> {
        if self.noted.is_empty() || self.busy {
            return None;
        }
        self.busy = true;
        self.in_flight = std::mem::take(&mut self.noted);
        Some(self.in_flight.clone())
    }

    /// What was in flight is committed, or to be repeated.
    pub(super) fn end(&mut self, committed: bool) {
        self.busy = false;
        for (partition, next) in std::mem::take(&mut self.in_flight) {
            if !committed {
                self.noted.entry(partition).or_insert(next);
            }
        }
    }

    /// Whether nothing of these partitions is left to commit.
    pub(super) fn is_settled<'a>(&self, mut partitions: impl Iterator<Item = &'a Partition>) -> bool {
        partitions.all(|partition| self.newest(*partition).is_none())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.noted.is_empty() && self.in_flight.is_empty()
    }

    /// The partitions are held no more: nothing of them is committed.
    pub(super) fn forget<'a>(&mut self, partitions: impl Iterator<Item = &'a Partition>) {
        for partition in partitions {
            self.noted.remove(partition);
            self.in_flight.remove(partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_failed_repeats_unless_a_newer_one_waits() {
        let mut notes = Notes::default();
        notes.note(1, 10);
        notes.note(2, 20);
        assert_eq!(notes.begin(), Some(BTreeMap::from([(1, 10), (2, 20)])));
        notes.note(1, 11);
        assert_eq!(notes.begin(), None, "one at a time");
        notes.end(false);
        assert_eq!(notes.begin(), Some(BTreeMap::from([(1, 11), (2, 20)])));
        assert_eq!(notes.newest(1), Some(11));
        notes.end(true);
        assert!(notes.is_empty());
    }

    #[test]
    fn what_is_lost_is_not_committed() {
        let mut notes = Notes::default();
        notes.note(1, 10);
        notes.begin();
        notes.forget([1].iter());
        notes.note(2, 20);
        assert_eq!(notes.begin(), None, "one at a time");
        notes.end(false);
        assert!(notes.is_settled([1].iter()));
        assert_eq!(notes.begin(), Some(BTreeMap::from([(2, 20)])));
    }
}
