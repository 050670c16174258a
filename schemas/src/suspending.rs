//! Suspensions: moderators of the service keep a user from writing what others read, for a time.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::position::LogTime;

/// The report by which a user is suspended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SuspendingReport {
    pub conversation: ConversationId,
    pub seq: i64,
    pub reporter: UserId,
}

/// Request to an account, by a conversation: a report suspends its user, or does so no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SetSuspension {
    pub report: SuspendingReport,
    /// Absent once it is lifted.
    pub until: Option<LogTime>,
}

/// Part of an account: a suspension of its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Suspension {
    pub report: SuspendingReport,
    pub until: LogTime,
}

impl Suspension {
    /// The number of suspensions that are kept; beyond, those that end first go.
    pub const MOST: usize = 32;
}
