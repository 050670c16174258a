//! Notices: short-lived states, such as typing, and changes of what is no event. They are delivered to connected
//! users, beside the events, and are never replayed.
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
    /// The user whom it is about, if it is about one.
    pub of: Option<UserId>,
    pub completed: Completed,
}

/// In the order in which a full queue drops them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    Typing,
    Presence,
    UserChanged,
    FlagsChanged,
    Translated,
}

impl NoticeKind {
    /// In the order in which a full queue drops them.
    pub const ALL: [Self; 5] =
        [Self::Typing, Self::Presence, Self::UserChanged, Self::FlagsChanged, Self::Translated];

    pub fn dropped(self) -> Dropped {
        match self {
            Self::Typing => Dropped::Typing,
            Self::Presence => Dropped::Presence,
            Self::UserChanged => Dropped::UserChanged,
            Self::FlagsChanged => Dropped::FlagsChanged,
            Self::Translated => Dropped::Translated,
        }
    }
}

/// Where renderings of notices are kept, beside those of the lanes.
pub const NOTICES: Lane = Lane(u16::MAX);

impl Notice {
    pub fn new(kind: NoticeKind, of: Option<UserId>, delivery: Delivery) -> Self {
        static LAST: AtomicI64 = AtomicI64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self { number, kind, of, completed: Completed::alone(delivery) }
    }
}
