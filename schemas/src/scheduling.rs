//! Scheduled messages: a text that is sent at its time.
//!
//! Invariants: a schedule is one of its user's account, which alone decides its progress; it goes forward only, and
//! of sending, cancelling and failing one alone happens to it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::code::Refusal;
use crate::ids::{ClientId, ConversationId};
use crate::message::Mentions;
use crate::people::Profile;
use crate::position::{LogTime, Offset};

/// Request to an account: send a text at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ScheduleMessage {
    /// Of the schedule, and of the message that it sends.
    pub id: ClientId,
    pub conversation: ConversationId,
    pub content: String,
    pub due: LogTime,
    /// IANA name of the time zone in which the user thinks of the time.
    pub zone: String,
}

/// Request to an account: send another text, or at another time. What is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ChangeSchedule {
    pub id: ClientId,
    pub content: Option<String>,
    pub due: Option<LogTime>,
}

/// Request to an account: do not send it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CancelSchedule {
    pub id: ClientId,
}

/// Request to an account, by a scheduler: the time has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FireSchedule {
    pub id: ClientId,
    /// Changes of the schedule that the facts know of.
    pub revision: i32,
    pub found: Found,
}

/// What a scheduler found out about a send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum Found {
    Facts(Box<FiringFacts>),
    Denied(FiringDenied),
}

/// The facts of a send at its time, as ingest adds them to any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FiringFacts {
    pub recipients: i32,
    pub sender: Profile,
    pub mentions: Mentions,
}

/// Facts do not allow the send, such as that its user is not in the conversation any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FiringDenied {
    pub refusal: Refusal,
}

/// Request to an account, by a conversation: a scheduled message is there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SettleSchedule {
    pub id: ClientId,
    /// Position of the charge that paid for it.
    pub charge: Offset,
    pub seq: i64,
}

/// Fact of an account: a schedule was made, changed, cancelled, or has come to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ScheduleChanged {
    pub id: ClientId,
    pub now: Schedule,
}

/// Row of an account by id: a message that is to be sent at its time, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Schedule {
    pub conversation: ConversationId,
    pub content: String,
    pub due: LogTime,
    pub zone: String,
    pub created_at: LogTime,
    /// Hash of the request that made it.
    pub request_hash: i64,
    /// Changes of text and time so far.
    pub revision: i32,
    pub progress: ScheduleProgress,
}

/// How far a schedule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows", repr = "bare_union")]
pub enum ScheduleProgress {
    Waiting(Waiting),
    Firing(Firing),
    Sent(ScheduleSent),
    Cancelled(ScheduleCancelled),
    Failed(ScheduleFailed),
}

/// The time has not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Waiting {
    /// When text or time were last said.
    pub since: LogTime,
}

/// It is charged, and on its way to its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Firing {
    /// Position of the charge.
    pub charge: Offset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ScheduleSent {
    pub at: LogTime,
    /// The number of the message.
    pub seq: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ScheduleCancelled {
    pub at: LogTime,
}

/// It was refused at its time, and costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ScheduleFailed {
    pub at: LogTime,
    pub refusal: Refusal,
}

impl ScheduleProgress {
    /// Whether it may still be changed and cancelled.
    pub fn is_waiting(&self) -> bool {
        match self {
            Self::Waiting(_) => true,
            Self::Firing(_) | Self::Sent(_) | Self::Cancelled(_) | Self::Failed(_) => false,
        }
    }

    /// Whether nothing will happen to it any more.
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Waiting(_) | Self::Firing(_) => false,
            Self::Sent(_) | Self::Cancelled(_) | Self::Failed(_) => true,
        }
    }
}

/// Seconds for which a settled schedule is kept: 30 days.
pub const SETTLED_SECONDS: u64 = 30 * 24 * 60 * 60;

impl Schedule {
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.progress.is_settled().then_some(SETTLED_SECONDS)
    }
}

/// Row of an account: its schedules, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Schedules {
    /// Those that are not settled.
    pub open: Vec<ClientId>,
    /// Those that were settled last, in the order in which they were.
    pub settled: Vec<ClientId>,
}

impl Schedules {
    /// Schedules of one account that are not settled, and settled ones that it lists.
    pub const MOST: usize = 100;
}
