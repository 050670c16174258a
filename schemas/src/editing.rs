//! Editing a message: its text is replaced, its versions stay for moderators.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::message::{Content, Mentions, Message};
use crate::position::LogTime;

/// Request to a conversation: replace the text of a message.
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

/// Row of a conversation by number: the text of a message that was edited, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Edits {
    pub count: i32,
    /// The text as it stands.
    pub content: Content,
    pub at: LogTime,
}

/// Row of a conversation by (number, version): a text that an edit replaced. Version 0 is the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Replaced {
    pub content: Content,
    /// Time of the edit that replaced it.
    pub at: LogTime,
}
