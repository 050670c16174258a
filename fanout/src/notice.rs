//! Notices: what is true for a moment, such as that somebody types. They come to those who are here, beside the
//! events, and are never replayed.
//!
//! Invariant: a notice may be dropped; an event never waits for one.

use std::sync::atomic::{AtomicI64, Ordering};

use graphql::live::Delivery;
use schemas::UserId;
use schemas::position::Offset;

use crate::event::Completed;
use crate::lanes::Lane;
use crate::metrics::Dropped;

pub struct Notice {
    /// Tells its renderings from those of others.
    pub number: Offset,
    pub kind: NoticeKind,
    /// Whom it is about; they do not get it themselves.
    pub of: UserId,
    pub completed: Completed,
}

/// In the order in which a full queue drops them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Typing,
}

impl NoticeKind {
    /// In the order in which a full queue drops them.
    pub const ALL: [Self; 1] = [Self::Typing];

    pub fn dropped(self) -> Dropped {
        match self {
            Self::Typing => Dropped::Typing,
        }
    }
}

/// Where renderings of notices are kept, beside those of the lanes.
pub const NOTICES: Lane = Lane(u16::MAX);

impl Notice {
    pub fn new(kind: NoticeKind, of: UserId, delivery: Delivery) -> Self {
        static LAST: AtomicI64 = AtomicI64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self { number, kind, of, completed: Completed::alone(delivery) }
    }
}
