//! A page of a lane, on its way from its reader to every hub.
//!
//! Invariant: of the hubs, the last to take a page in is known, so the node can say what all have.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::event::Entry;
use crate::lanes::Lane;

pub struct Page {
    pub lane: Lane,
    pub entries: Vec<Entry>,
    /// Whether it reaches the end that its lane had when the node started.
    pub catches_up: bool,
    /// Hubs that have not taken it in.
    missing: AtomicUsize,
}

impl Page {
    /// A page for so many hubs.
    pub fn new(lane: Lane, entries: Vec<Entry>, catches_up: bool, hubs: usize) -> Self {
        Self { lane, entries, catches_up, missing: AtomicUsize::new(hubs) }
    }

    /// A hub has it; says whether all have now.
    pub fn taken_in(&self) -> bool {
        self.missing.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_hubs_is_known() {
        let page = Page::new(Lane(0), vec![], true, 3);
        assert_eq!([(); 3].map(|()| page.taken_in()), [false, false, true]);
    }
}
