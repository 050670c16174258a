//! Rows of the two machines' owners: what `decide` reads and writes.
//!
//! Invariant: a row is written whole, under its owner's version; an owner's state is small
//! (≤ 64 KiB), everything that grows is keyed rows beside it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::account::{ChargeKind, LedgerKind};
use crate::conversation::{ConversationKind, Role};
use crate::ids::{ClientId, ConversationId, UserId};
use crate::position::{LogTime, Offset};

/// An account: balance and windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct AccountState {
    /// Offset of the last command decided; -1 before the first.
    pub applied: Offset,
    /// Time of the last command decided.
    pub at: LogTime,
    pub balance_milli: i64,
    /// When each send that still counts was charged, oldest first.
    pub sends: Vec<LogTime>,
    /// When each creation that still counts was let pass, oldest first.
    pub creations: Vec<LogTime>,
    /// What was sent lately, oldest first.
    pub texts: Vec<TextMark>,
}

/// One recent send, for the limit on identical texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct TextMark {
    pub at: LogTime,
    /// Hash of the text's skeleton.
    pub text: i64,
    /// Hash of the conversation's id.
    pub conversation: i64,
}

/// What an account remembers of a request that carried a client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ClientRequest {
    /// Offset of the command that was charged.
    pub position: Offset,
    /// Hash of what the client said.
    pub said: i64,
    pub at: LogTime,
    pub kind: ChargeKind,
    pub conversation: ConversationId,
    /// Whether the charge stands; a returned one is forgotten.
    pub live: bool,
}

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct LedgerEntry {
    pub kind: LedgerKind,
    pub amount_milli: i64,
    pub balance_after_milli: i64,
    pub at: LogTime,
    pub conversation: Option<ConversationId>,
    pub client_id: Option<ClientId>,
    pub recipients: Option<i32>,
}

/// Something that may happen once, ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Once {
    pub at: LogTime,
}

/// A conversation: what it is, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ConversationState {
    /// Offset of the last command decided; -1 before the first.
    pub applied: Offset,
    /// Time of the last command decided.
    pub at: LogTime,
    /// Absent until it is opened.
    pub opened: Option<Opened>,
    /// Number of the newest message; 0 before the first.
    pub head: i64,
    /// When the newest message was accepted.
    pub head_at: LogTime,
    pub members: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Opened {
    pub kind: ConversationKind,
    pub title: Option<String>,
    pub by: UserId,
    pub at: LogTime,
    /// The creator's charge that opened it.
    pub charge: Offset,
}

/// A stay of a member, from the command that brought them to the one that ended it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Stay {
    pub from: Offset,
    /// Absent while it lasts.
    pub to: Option<Offset>,
    /// Number of the first message that they may see.
    pub first_seq: i64,
}

/// A member, present or former.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Member {
    pub role: Role,
    pub joined_at: LogTime,
    /// Oldest first, the last eight; the last one counts for history.
    pub stays: Vec<Stay>,
}

impl Member {
    /// The most stays that are kept of a member.
    pub const MAX_STAYS: usize = 8;

    /// The stay that lasts, if the member is in the conversation now.
    pub fn present(&self) -> Option<&Stay> {
        self.stays.last().filter(|stay| stay.to.is_none())
    }
}

/// How far a member has read and received; watermarks, max-merged. Reading implies delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Receipt {
    pub read_up_to: i64,
    pub read_at: LogTime,
}

/// What became of a send: its number, and the charge that paid for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Sent {
    pub seq: i64,
    pub charge: Offset,
}

/// A span of log time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Interval {
    pub from: LogTime,
    /// Absent while it lasts; the end itself is outside.
    pub to: Option<LogTime>,
}

impl Interval {
    pub fn contains(&self, at: LogTime) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// When one of a pair blocked the other: oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Blocks {
    pub intervals: Vec<Interval>,
}

impl Blocks {
    /// Whether the block stands now.
    pub fn stands(&self) -> bool {
        self.intervals.last().is_some_and(|last| last.to.is_none())
    }
}

/// What stands between a user and another, seen from the user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct PairBlocks {
    pub by_user: Blocks,
    pub by_other: Blocks,
}

impl PairBlocks {
    /// Whether a block of either stands now.
    pub fn stand(&self) -> bool {
        self.by_user.stands() || self.by_other.stands()
    }

    /// Whether what one of them sent at a time is hidden from the other.
    pub fn hide(&self, at: LogTime) -> bool {
        self.by_user.intervals.iter().chain(&self.by_other.intervals).any(|interval| interval.contains(at))
    }
}

/// What decisions about a message need to know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct MessageHead {
    /// Absent where the conversation itself speaks: nobody may take that back.
    pub sender: Option<UserId>,
    pub at: LogTime,
    pub deleted_at: Option<LogTime>,
}

/// Keys of the rows in an owner's last batch, which a new owner writes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct LastBatch {
    pub keys: Vec<BatchKey>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct BatchKey {
    pub kind: i32,
    /// Hexadecimal.
    pub key: String,
}
