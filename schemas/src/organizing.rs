//! Organizing: how a user keeps one conversation among their own: archived, starred, muted, with labels
//! and a draft.
//!
//! Invariant: all of it is the user's alone, and its facts are those of their account.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::ConversationId;
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;

/// Which messages of a conversation notify its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum NotificationLevel {
    #[default]
    All,
    Mentions,
    None,
}

/// Request to an account: change how a conversation is kept; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct OrganizeConversation {
    pub conversation: ConversationId,
    /// Number of the newest message when the user asked.
    pub head: i64,
    pub archived: Option<bool>,
    pub starred: Option<bool>,
    /// See [`Organized::muted_until`].
    pub muted_until: Option<LogTime>,
    pub level: Option<NotificationLevel>,
    /// All labels that the conversation is to have.
    pub labels: Option<Vec<String>>,
}

impl OrganizeConversation {
    /// A request that changes nothing.
    pub fn nothing(conversation: ConversationId, head: i64) -> Self {
        let (archived, starred, muted_until) = (None, None, None);
        Self { conversation, head, archived, starred, muted_until, level: None, labels: None }
    }
}

/// Request to an account: keep a text that is not sent yet; an empty one removes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SaveDraft {
    pub conversation: ConversationId,
    pub content: String,
}

/// Fact of an account: the user keeps a conversation in another way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationOrganized {
    pub conversation: ConversationId,
    pub organized: Organized,
}

/// Fact of an account: the user has kept or removed a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DraftSaved {
    pub conversation: ConversationId,
    /// Empty if it was removed.
    pub content: String,
}

/// Row of an account by conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Organized {
    pub archived: Option<Archived>,
    pub starred: bool,
    /// 0 if it is not muted, [`Organized::FOR_GOOD`] without an end.
    pub muted_until: LogTime,
    pub level: NotificationLevel,
    /// In the order in which the user gave them.
    pub labels: Vec<String>,
}

/// Since when a conversation is archived, and up to which of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Archived {
    pub at: LogTime,
    pub head: i64,
}

impl Organized {
    /// A time that never comes.
    pub const FOR_GOOD: LogTime = LogTime::MAX;

    pub fn is_muted(&self, now: LogTime) -> bool {
        self.muted_until > now
    }

    /// Since when the conversation is archived. One that is not muted returns with a message above the
    /// archived ones; `newest` is the number of the newest that the user sees.
    pub fn archived_at(&self, newest: i64, now: LogTime) -> Option<LogTime> {
        let archived = self.archived.filter(|archived| newest <= archived.head || self.is_muted(now));
        archived.map(|archived| archived.at)
    }
}

/// Row of an account: the labels that it uses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Labels {
    /// In the order of their text.
    pub used: Vec<LabelUse>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct LabelUse {
    pub label: String,
    /// Conversations that have it.
    pub conversations: i32,
}

/// Row of an account by conversation: a text that is not sent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Draft {
    /// Empty once it is removed.
    pub content: String,
}

impl Draft {
    /// The row of a draft that was removed is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.content.is_empty().then_some(TOMBSTONE_SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archived_conversation_returns_with_a_message_unless_it_is_muted() {
        let archived = Some(Archived { at: 5, head: 3 });
        let heard = Organized { archived, ..Organized::default() };
        let muted = Organized { muted_until: 100, ..heard.clone() };
        assert_eq!((heard.archived_at(3, 50), heard.archived_at(4, 50)), (Some(5), None));
        assert_eq!((muted.archived_at(4, 99), muted.archived_at(4, 100)), (Some(5), None));
        assert_eq!(Organized::default().archived_at(0, 0), None);
    }
}
