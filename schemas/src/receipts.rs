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
    /// Whether the user sends read receipts, as ingest found it.
    pub is_shown: bool,
}

/// Fact of a conversation: a member's read mark has advanced. Reading implies delivery; a delivery mark that
/// advances with it is told by [`DeliveryAdvanced`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReceiptAdvanced {
    pub user: UserId,
    pub read_up_to: i64,
    /// Whether others learn of it.
    pub is_shown: bool,
}

/// Request to a conversation: a device of the user has stored what came up to a number. It names a maximum,
/// so repeats are harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AcknowledgeDelivery {
    pub user: UserId,
    pub up_to: i64,
}

/// Fact of a conversation: a member's delivery mark has advanced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeliveryAdvanced {
    pub user: UserId,
    pub delivered_up_to: i64,
    /// Whether others learn of it.
    pub is_shown: bool,
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

/// Watermarks of a member. Reading implies delivery, so `delivered` is never below `read`, and `read` never below
/// `shown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Watermarks {
    pub read: Reached,
    pub delivered: Reached,
    /// How far the member has read with read receipts on: the read mark that others see.
    pub shown: Reached,
}

impl Watermarks {
    pub fn max(self, other: Self) -> Self {
        Self {
            read: self.read.max(other.read),
            delivered: self.delivered.max(other.delivered),
            shown: self.shown.max(other.shown),
        }
    }

    #[must_use]
    pub fn with_read(self, up_to: i64, at: LogTime, is_shown: bool) -> Self {
        let read = Reached { up_to, at };
        let shown = if is_shown { read } else { self.shown };
        self.max(Self { read, delivered: read, shown })
    }

    #[must_use]
    pub fn with_delivered(self, up_to: i64, at: LogTime) -> Self {
        self.max(Self { delivered: Reached { up_to, at }, ..self })
    }

    /// The marks as another member sees them, who may have switched read receipts off.
    #[must_use]
    pub fn seen(self, sees_reads: bool) -> Self {
        Self { read: if sees_reads { self.shown } else { Reached::default() }, ..self }
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
