//! Blocks between two users, as intervals of log time.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::position::LogTime;

/// Request to the DIRECT conversation of a pair, whether opened or not: block or unblock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SetBlock {
    pub user: UserId,
    pub other: UserId,
    pub blocked: bool,
}

/// Fact of a conversation: one of a pair has blocked or unblocked the other. It carries all intervals
/// that are kept, in both directions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct BlocksChanged {
    pub user: UserId,
    pub other: UserId,
    pub blocks: PairBlocks,
}

/// Request to an account, by a conversation: its user has blocked another, or does so no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct NoteBlock {
    pub other: UserId,
    pub blocked: bool,
}

/// Fact of an account: its user has blocked another user or has ended a block, on one of their devices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct BlockedUsersChanged {
    pub other: UserId,
    pub blocked: bool,
}

/// The time during which a block stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct BlockInterval {
    pub from: LogTime,
    /// Absent while it stands; exclusive.
    pub to: Option<LogTime>,
}

impl BlockInterval {
    pub fn contains(&self, at: LogTime) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// Row of a conversation by user: when this user blocked the other, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Blocks {
    pub intervals: Vec<BlockInterval>,
}

impl Blocks {
    /// Whether the block stands now.
    pub fn stands(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.to.is_none())
    }

    fn contain(&self, at: LogTime) -> bool {
        self.intervals.iter().any(|interval| interval.contains(at))
    }
}

/// What stands between a user and another, from the user's side: blocks, and requests that wait.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PairBlocks {
    pub by_user: Blocks,
    pub by_other: Blocks,
    /// The user has asked the other, who has not accepted.
    pub user_awaits: bool,
    /// The other has asked the user, who has not accepted.
    pub other_awaits: bool,
}

impl PairBlocks {
    /// Whether a block of either stands now.
    pub fn stand(&self) -> bool {
        self.by_user.stands() || self.by_other.stands()
    }

    /// Whether the user sees nothing of what the other does now: presence, marks, typing.
    pub fn hide_signs(&self) -> bool {
        self.stand() || self.user_awaits
    }

    /// Whether what one of them sent at a time is hidden from the other.
    pub fn hide(&self, at: LogTime) -> bool {
        self.by_user.contain(at) || self.by_other.contain(at)
    }

    /// The same blocks from the other's side.
    pub fn mirrored(&self) -> Self {
        Self {
            by_user: self.by_other.clone(),
            by_other: self.by_user.clone(),
            user_awaits: self.other_awaits,
            other_awaits: self.user_awaits,
        }
    }
}
