//! Receipts: how far messages have reached a member, how far the member has read, and whether they have
//! marked the conversation as unread.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;

/// Request to a conversation: the user has read up to a number. It names a maximum, so repeats are
/// harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MarkRead {
    pub user: UserId,
    pub up_to: i64,
}

/// Fact of a conversation: a member's read mark has advanced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReceiptAdvanced {
    pub user: UserId,
    pub read_up_to: i64,
}

/// Request to a conversation: a device of the user has stored what came up to a number. It names a maximum,
/// so repeats are harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AcknowledgeDelivery {
    pub user: UserId,
    pub up_to: i64,
}

/// Fact of a conversation: a member's delivery mark has advanced. Reading implies delivery, and is told by
/// [`ReceiptAdvanced`] alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeliveryAdvanced {
    pub user: UserId,
    pub delivered_up_to: i64,
}

/// Request to a conversation: the user marks it as unread, whatever they have read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MarkUnread {
    pub user: UserId,
}

/// Fact of a conversation: a member has marked it as unread, or has looked at it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MarkedUnread {
    pub user: UserId,
    pub marked: bool,
}

/// A watermark: the number that was reached, and when. The default is that of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Reached {
    pub up_to: i64,
    pub at: LogTime,
}

impl Reached {
    fn max(self, other: Self) -> Self {
        if other.up_to > self.up_to { other } else { self }
    }
}

/// Watermarks of a member. Reading implies delivery, so `delivered` is never below `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Watermarks {
    pub read: Reached,
    pub delivered: Reached,
}

impl Watermarks {
    pub fn max(self, other: Self) -> Self {
        Self { read: self.read.max(other.read), delivered: self.delivered.max(other.delivered) }
    }

    #[must_use]
    pub fn with_read(self, up_to: i64, at: LogTime) -> Self {
        let read = Reached { up_to, at };
        self.max(Self { read, delivered: read })
    }

    #[must_use]
    pub fn with_delivered(self, up_to: i64, at: LogTime) -> Self {
        self.max(Self { read: self.read, delivered: Reached { up_to, at } })
    }
}

/// Row of a conversation by user: watermarks, merged by maximum.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Receipt {
    pub marks: Watermarks,
    /// Countable messages up to the read mark.
    pub ordinal: i64,
    /// The membership has ended; [`crate::membership::Former`] holds the marks.
    pub ended: bool,
    /// The member has marked the conversation as unread, and neither read nor sent since.
    pub marked_unread: bool,
}

impl Receipt {
    /// The row of a membership that has ended is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.ended.then_some(TOMBSTONE_SECONDS)
    }
}
