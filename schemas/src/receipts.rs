//! Receipts: how far a member has read, and whether they have marked the conversation as unread.

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

/// Row of a conversation by user: watermarks, merged by maximum. Reading implies delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Receipt {
    pub read_up_to: i64,
    pub read_at: LogTime,
    /// Countable messages up to `read_up_to`.
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
