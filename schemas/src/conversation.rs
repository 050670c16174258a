//! What a conversation is asked to do, and what it says has happened in it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::account::ChargeKind;
use crate::ids::{ClientId, ConversationId, UserId};
use crate::people::Profile;
use crate::position::{LogTime, Offset};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum ConversationKind {
    Direct,
    Group,
}

impl ConversationKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "DIRECT",
            Self::Group => "GROUP",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum Role {
    Owner,
    Member,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "OWNER",
            Self::Member => "MEMBER",
        }
    }
}

/// What a message says. One field on every wire, so that sealed content needs no new form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Content {
    /// Normalised text; sealed bytes in base64 where a key is named.
    pub text: String,
    /// Key that the text is sealed with.
    pub key_id: Option<String>,
}

impl Content {
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), key_id: None }
    }
}

/// The message that another one answers, as ingest saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReplyStub {
    pub seq: i64,
    pub sender: Profile,
    pub content: Option<Content>,
    pub created_at: LogTime,
}

/// Value of the conversations' commands topic; keyed by conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationCommand {
    pub body: ConversationRequest,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum ConversationRequest {
    PostMessage(PostMessage),
    OpenConversation(OpenConversation),
    LookUp(LookUp),
    MarkRead(MarkRead),
}

/// A send that its account has charged; the charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PostMessage {
    pub client_id: ClientId,
    pub sender: Profile,
    pub content: Content,
    pub reply_to: Option<ReplyStub>,
}

/// A creation that its account has counted; the charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct OpenConversation {
    pub kind: ConversationKind,
    pub creator: UserId,
    /// Everyone but the creator.
    pub participants: Vec<UserId>,
    pub title: Option<String>,
}

/// A repeated request asks what became of the first. It carries no charge of its own to give back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct LookUp {
    pub user: UserId,
    pub client_id: ClientId,
    pub kind: ChargeKind,
    /// Position of the first request's charge.
    pub charge: Offset,
}

/// The user has read everything up to a number. Says a maximum, so repeats are harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MarkRead {
    pub user: UserId,
    pub up_to: i64,
}

/// Value of the events topic; keyed by conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationEvent {
    pub conversation: ConversationId,
    pub at: LogTime,
    pub body: ConversationFact,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum ConversationFact {
    ConversationOpened(ConversationOpened),
    MessagePosted(MessagePosted),
    ReceiptAdvanced(ReceiptAdvanced),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ConversationOpened {
    pub kind: ConversationKind,
    pub title: Option<String>,
    pub created_by: UserId,
    /// Everyone in it, the creator included.
    pub members: Vec<UserId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessagePosted {
    pub seq: i64,
    pub sender: Profile,
    pub client_id: ClientId,
    pub content: Content,
    pub reply_to: Option<ReplyStub>,
    /// Members other than the sender when it was posted.
    pub recipients: i32,
}

/// How far a member has read; never falls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReceiptAdvanced {
    pub user: UserId,
    pub read_up_to: i64,
}
