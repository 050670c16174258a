//! Creating a conversation: counted by the account, opened by the conversation.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::attaching::AttachedFile;
use crate::ids::{ClientId, ConversationId, UserId};
use crate::position::{LogTime, Offset};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum ConversationKind {
    Direct,
    Group,
}

impl ConversationKind {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "DIRECT",
            Self::Group => "GROUP",
        }
    }
}

/// Request to an account: create a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreateConversation {
    /// Derived from the pair, or from the creator and the client id.
    pub conversation: ConversationId,
    pub kind: ConversationKind,
    /// Everyone but the creator, sorted, each once.
    pub participants: Vec<UserId>,
    /// Of these, the ones whom a request alone may reach, as ingest found it.
    pub requests: Vec<UserId>,
    pub title: Option<String>,
    pub client_id: ClientId,
}

/// Request to a conversation: a creation that its account has counted. The charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct OpenConversation {
    pub kind: ConversationKind,
    pub creator: UserId,
    /// Everyone but the creator.
    pub participants: Vec<UserId>,
    /// Of these, the ones who are asked by a request.
    pub requests: Vec<UserId>,
    pub title: Option<String>,
}

/// Fact of a conversation: it exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationOpened {
    pub about: Opened,
    /// Every member, the creator included.
    pub members: Vec<UserId>,
    /// Of these, the ones who are asked by a request.
    pub requests: Vec<UserId>,
}

/// What a conversation is: part of its state, and of the facts that report it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Opened {
    pub kind: ConversationKind,
    pub title: Option<String>,
    pub description: Option<String>,
    /// Only owner and moderators post.
    pub announcements_only: bool,
    /// Image of the conversation.
    pub avatar: Option<AttachedFile>,
    pub by: UserId,
    pub at: LogTime,
    /// The creator's charge that opened it.
    pub charge: Offset,
}
