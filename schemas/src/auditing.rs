//! The audit log of moderation: who did what about which report, in a chain for each conversation.
//!
//! Invariant: an entry names the hash of the one before it, so no entry is changed, taken out or put between
//! without a break; the conversation's own row has the number and the hash of the last one.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::position::LogTime;
use crate::reporting::ModerationAction;
use crate::{avro, digest};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.rows")]
pub enum AuditAct {
    Reported,
    Dismissed,
    MessageHidden,
    UserSuspended,
}

impl AuditAct {
    pub const fn of(action: ModerationAction) -> Self {
        match action {
            ModerationAction::Dismiss => Self::Dismissed,
            ModerationAction::HideMessage => Self::MessageHidden,
            ModerationAction::SuspendUser => Self::UserSuspended,
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct AuditEntry {
    pub conversation: ConversationId,
    /// 1, 2, 3 … in the conversation.
    pub number: i64,
    /// Hash of the entry before; empty in the first.
    pub previous: String,
    pub at: LogTime,
    pub actor: UserId,
    pub act: AuditAct,
    /// The message and the reporter, which name the report.
    pub seq: i64,
    pub reporter: UserId,
    /// The details of the report, or the note of the decision.
    pub said: Option<String>,
}

impl AuditEntry {
    /// SHA-256 of the framed entry, in hexadecimal.
    pub fn hash(&self) -> String {
        digest::sha256(&avro::encode(self))
    }
}

/// Row that a conversation has once: the end of its log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct AuditHead {
    pub entries: i64,
    /// Hash of the last one.
    pub hash: String,
}

avro::release! { AUDIT: 349 AuditEntry, }
