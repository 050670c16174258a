//! Editing a message: its text is replaced, its versions stay for moderators.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::message::{Content, Mentions, Message};
use crate::position::{LogTime, Offset};
use crate::rows::TOMBSTONE_SECONDS;

/// Request to an account: count an edit of its user, and pass it on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SubmitEdit {
    pub conversation: ConversationId,
    pub edit: EditMessage,
}

/// Request to a conversation, from the sender's account, which has counted it: replace the text of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct EditMessage {
    pub actor: UserId,
    /// The message as ingest read it; the core never changes.
    pub message: Box<Message>,
    /// The new text.
    pub content: Content,
    /// Members that the new text mentions, as ingest found them.
    pub mentions: Mentions,
}

/// Fact of a conversation: the text of a message was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageEdited {
    /// The message as it stands.
    pub message: Message,
}

/// Row of a conversation by number: the text of a message that was edited, and what was charged for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Edits {
    /// Positions of the charges of all edits, in order; by them a command that comes again knows its own.
    pub charges: Vec<Offset>,
    /// The text as it stands; absent once the message is deleted.
    pub content: Option<Content>,
    pub at: LogTime,
}

impl Edits {
    pub fn count(&self) -> i32 {
        i32::try_from(self.charges.len()).unwrap_or(i32::MAX)
    }
}

/// Row of a conversation by (number, version): a text that an edit replaced. Version 0 is the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Replaced {
    /// Absent once the message is deleted.
    pub content: Option<Content>,
    /// Time of the edit that replaced it, or of the deletion.
    pub at: LogTime,
}

impl Replaced {
    /// An erased text has no reader.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.content.is_none().then_some(TOMBSTONE_SECONDS)
    }
}
