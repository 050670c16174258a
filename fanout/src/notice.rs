//! Notices: short-lived states, such as typing. They are delivered to connected members, beside the events, and
//! are never replayed.
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
    /// Distinguishes its renderings in the cache.
    pub number: Offset,
    pub kind: NoticeKind,
    /// The user whom it is about, who does not receive it.
    pub of: UserId,
    pub completed: Completed,
}

/// In the order in which a full queue drops them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Typing,
    Presence,
}

impl NoticeKind {
    /// In the order in which a full queue drops them.
    pub const ALL: [Self; 2] = [Self::Typing, Self::Presence];

    pub fn dropped(self) -> Dropped {
        match self {
            Self::Typing => Dropped::Typing,
            Self::Presence => Dropped::Presence,
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
