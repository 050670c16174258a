//! Aspects of a message: what changes after it was sent, in rows of their own beside its core.
//!
//! Invariant: a head has the bits of the aspects that its message has, so a removal overwrites exactly those.

/// A kind of aspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    Reactions,
    Pin,
    Poll,
    Previews,
}

impl Aspect {
    pub const ALL: [Self; 4] = [Self::Reactions, Self::Pin, Self::Poll, Self::Previews];

    /// Its bit in a message's head.
    pub const fn bit(self) -> i32 {
        match self {
            Self::Reactions => 1,
            Self::Pin => 2,
            Self::Poll => 4,
            Self::Previews => 8,
        }
    }

    /// Its kind of row beside the message's own.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Reactions => "reactions",
            Self::Pin => "pin",
            Self::Poll => "poll",
            Self::Previews => "previews",
        }
    }

    pub fn of_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aspect| aspect.kind() == kind)
    }
}
