//! Pinning a message: its conversation lists it, and an aspect of the message says since when and by whom.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::message::Message;
use crate::people::Profile;
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;

/// Request to a conversation: pin a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PinMessage {
    pub actor: Profile,
    /// The message as ingest read it; the core never changes.
    pub message: Box<Message>,
}

/// Request to a conversation: take the pin of a message away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UnpinMessage {
    pub actor: Profile,
    /// The message as ingest read it; the core never changes.
    pub message: Box<Message>,
}

/// Fact of a conversation: a message was pinned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessagePinned {
    /// The message as it stands.
    pub message: Message,
    pub pin: Pinned,
}

/// Fact of a conversation: the pin of a message was taken away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageUnpinned {
    /// The message as it stands.
    pub message: Message,
    pub by: UserId,
}

/// A pinned message in the state of its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Pin {
    pub seq: i64,
    pub at: LogTime,
}

/// Since when a message is pinned, and who pinned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Pinned {
    pub at: LogTime,
    pub by: UserId,
}

/// Aspect of a message: its pin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct PinAspect {
    pub pin: Option<Pinned>,
}

impl PinAspect {
    /// The aspect of a message that is pinned no more is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.pin.is_none().then_some(TOMBSTONE_SECONDS)
    }
}
