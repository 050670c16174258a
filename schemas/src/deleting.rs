//! Deleting a message: its content goes, a tombstone stays.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::message::Message;

/// Request to a conversation: delete a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeleteMessage {
    pub actor: UserId,
    /// The message's tombstone as ingest built it from the row; the core never changes.
    pub message: Box<Message>,
}

/// Fact of a conversation: a message was deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageDeleted {
    /// The tombstone.
    pub message: Message,
    pub by: UserId,
}
