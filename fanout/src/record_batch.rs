//! Records of a lane on their way from its reader to every hub.
//!
//! Invariant: the last hub to enter a batch is known, so the node can say what all have entered.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::event::Entry;
use crate::lanes::Lane;

pub struct RecordBatch {
    pub lane: Lane,
    pub entries: Vec<Entry>,
    /// Whether it reaches the end that its lane had when the node started.
    pub catches_up: bool,
    /// Hubs that have not entered it.
    missing: AtomicUsize,
}

impl RecordBatch {
    /// A batch for a number of hubs.
    pub fn new(lane: Lane, entries: Vec<Entry>, catches_up: bool, hubs: usize) -> Self {
        Self { lane, entries, catches_up, missing: AtomicUsize::new(hubs) }
    }

    /// A hub has entered it; says whether all have now.
    pub fn entered(&self) -> bool {
        self.missing.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_hubs_is_known() {
        let batch = RecordBatch::new(Lane(0), vec![], true, 3);
        assert_eq!([(); 3].map(|()| batch.entered()), [false, false, true]);
    }
}
