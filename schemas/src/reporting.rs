//! Reports of messages to the moderators of the service, and what these decide.
//!
//! Invariants: a report holds the text as it was when it was reported, and a later edit or deletion does not change
//! it; a user reports a message once.

use std::fmt;
use std::str::FromStr;

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, InvalidId, MessageId, UserId};
use crate::message::Message;
use crate::position::{LogTime, Offset};
use crate::rows::TOMBSTONE_SECONDS;

/// Why a message is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum ReportReason {
    Spam,
    Harassment,
    Inappropriate,
    Other,
}

impl ReportReason {
    pub const ALL: [Self; 4] = [Self::Spam, Self::Harassment, Self::Inappropriate, Self::Other];

    /// The name in metrics and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "SPAM",
            Self::Harassment => "HARASSMENT",
            Self::Inappropriate => "INAPPROPRIATE",
            Self::Other => "OTHER",
        }
    }
}

/// What a moderator of the service does about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum ModerationAction {
    // Nothing; what this report has caused before is undone.
    Dismiss,
    // Nobody reads the message until the report is dismissed.
    HideMessage,
    // Its sender writes nothing that others read, for as long as the policy says or until the report is dismissed.
    SuspendUser,
}

impl ModerationAction {
    pub const ALL: [Self; 3] = [Self::Dismiss, Self::HideMessage, Self::SuspendUser];

    /// The name in metrics and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dismiss => "DISMISS",
            Self::HideMessage => "HIDE_MESSAGE",
            Self::SuspendUser => "SUSPEND_USER",
        }
    }

    /// The status of a report that is decided so.
    pub const fn status(self) -> ReportStatus {
        match self {
            Self::Dismiss => ReportStatus::Dismissed,
            Self::HideMessage | Self::SuspendUser => ReportStatus::Actioned,
        }
    }
}

/// How far a report has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStatus {
    Pending,
    Actioned,
    Dismissed,
}

impl ReportStatus {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Actioned, Self::Dismissed];

    /// The name by which the queue lists it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Actioned => "actioned",
            Self::Dismissed => "dismissed",
        }
    }
}

/// Request to an account: report a message. It is counted, and passed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReportMessage {
    pub conversation: ConversationId,
    /// The message as ingest read it.
    pub message: Box<Message>,
    pub reason: ReportReason,
    /// In the reporter's words, at most [`MAX_DETAILS`] scalar values.
    pub details: Option<String>,
}

/// The most scalar values of the details of a report, and of the note of a decision.
pub const MAX_DETAILS: i32 = 1_000;

/// Request to a conversation: a report that its account has counted. The charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FileReport {
    pub reporter: UserId,
    /// The message as ingest read it.
    pub message: Box<Message>,
    pub reason: ReportReason,
    pub details: Option<String>,
}

/// Request to a conversation: what a moderator of the service decides about a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ResolveReport {
    pub moderator: UserId,
    pub reporter: UserId,
    /// The message as ingest read it.
    pub message: Box<Message>,
    pub action: ModerationAction,
    pub note: Option<String>,
    /// Decisions about the report that the moderator knows of: of two at the same time one is refused.
    pub known: i32,
}

/// Fact of a conversation: a moderator of the service has hidden a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageHidden {
    /// Without its content.
    pub message: Message,
}

/// Fact of a conversation: a hidden message is there again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageShown {
    /// The message as it stands.
    pub message: Message,
}

/// Fact of a conversation, delivered to no client: a user has reported a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReportFiled {
    pub seq: i64,
    pub reporter: UserId,
    pub reason: ReportReason,
}

/// Fact of a conversation, delivered to no client: a moderator of the service has decided about a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReportResolved {
    pub seq: i64,
    pub reporter: UserId,
    pub by: UserId,
    pub action: ModerationAction,
}

/// Row of a conversation by (number, reporter): a report of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Report {
    pub at: LogTime,
    /// Offset of the command that filed it.
    pub position: Offset,
    pub reason: ReportReason,
    pub details: Option<String>,
    /// The text as it stood, and the names of its files, a line each.
    pub snapshot: String,
    /// Decisions so far.
    pub decisions: i32,
    /// The last decision.
    pub decision: Option<Resolution>,
    /// What it has caused and nothing has undone.
    pub effects: ReportEffects,
}

/// What a report has caused. A dismissal undoes all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ReportEffects {
    pub hides: bool,
    /// Until when the sender is suspended.
    pub suspends_until: Option<LogTime>,
}

impl Report {
    pub fn action(&self) -> Option<ModerationAction> {
        self.decision.as_ref().map(|decision| decision.action)
    }

    /// Actions whose effects last; the dismissal, if it was the last decision.
    pub fn in_force(&self) -> Vec<ModerationAction> {
        let ReportEffects { hides, suspends_until } = self.effects;
        ModerationAction::ALL
            .into_iter()
            .filter(|action| match action {
                ModerationAction::Dismiss => self.action() == Some(ModerationAction::Dismiss),
                ModerationAction::HideMessage => hides,
                ModerationAction::SuspendUser => suspends_until.is_some(),
            })
            .collect()
    }

    pub fn status(&self) -> ReportStatus {
        self.action().map_or(ReportStatus::Pending, ModerationAction::status)
    }
}

/// What a moderator has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Resolution {
    pub by: UserId,
    pub at: LogTime,
    pub action: ModerationAction,
    pub note: Option<String>,
}

/// Row of a conversation by number: a message that is hidden, or was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Hidden {
    /// The message as it was; absent once it is shown again, or deleted.
    pub message: Option<Box<Message>>,
    /// Reports by which it is hidden.
    pub reports: i32,
}

impl Hidden {
    /// The row of a message that is hidden no more.
    pub const OVER: Self = Self { message: None, reports: 0 };

    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.message.is_none().then_some(TOMBSTONE_SECONDS)
    }
}

/// A report: the message, and who reported it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportId {
    pub message: MessageId,
    pub reporter: UserId,
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.message, self.reporter)
    }
}

impl FromStr for ReportId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        // A user id may hold the sign that parts them; the ids before it do not.
        let (end, _) = text.match_indices('-').nth(1).ok_or(InvalidId { kind: "report" })?;
        Ok(Self { message: text[..end].parse()?, reporter: text[end + 1..].parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_named_by_its_message_and_its_reporter() {
        let message: MessageId = format!("{:032x}-{:012}", 1, 7).parse().unwrap();
        for reporter in ["ann", "a-b-c"] {
            let id = ReportId { message: message.clone(), reporter: reporter.parse().unwrap() };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in ["", "x", &message.to_string(), &format!("{message}-"), &format!("{message}-a b")] {
            assert!(bad.parse::<ReportId>().is_err(), "{bad}");
        }
    }
}
