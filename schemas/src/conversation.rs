//! What a conversation is asked to do, and what it says has happened in it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::account::ChargeKind;
use crate::ids::{ClientId, ConversationId, UserId};
use crate::people::Profile;
use crate::position::{LogTime, Offset};
use crate::rows::{Interval, Stay};

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
    /// Absent in rows, which a later deletion of the parent does not reach.
    pub content: Option<Content>,
    pub created_at: LogTime,
}

/// Whom a message names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Mentions {
    pub people: Vec<Profile>,
    /// Everyone, which only an owner may say.
    pub all: bool,
}

/// What a system message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum NoteKind {
    Added,
    Left,
    Removed,
}

/// A message by the conversation itself; its sender is who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Note {
    pub kind: NoteKind,
    pub targets: Vec<Profile>,
}

/// A message, as its event and its row tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Message {
    pub seq: i64,
    pub sent_at: LogTime,
    pub sender: Profile,
    /// Absent on what the conversation itself says.
    pub client_id: Option<ClientId>,
    /// Absent on a note, and once it is deleted.
    pub content: Option<Content>,
    pub reply_to: Option<ReplyStub>,
    pub mentions: Mentions,
    pub note: Option<Note>,
    /// Members other than the sender when it was posted.
    pub recipients: i32,
    pub deleted_at: Option<LogTime>,
}

impl Message {
    /// What stays of it when it is deleted.
    pub fn deleted(self, at: LogTime) -> Self {
        Self { content: None, reply_to: None, mentions: Mentions::default(), deleted_at: Some(at), ..self }
    }
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
    AddMembers(AddMembers),
    RemoveMember(RemoveMember),
    DeleteMessage(DeleteMessage),
    SetBlock(SetBlock),
}

/// A send that its account has charged; the charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PostMessage {
    pub client_id: ClientId,
    pub sender: Profile,
    pub content: Content,
    pub reply_to: Option<ReplyStub>,
    pub mentions: Mentions,
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

/// Bring people into a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AddMembers {
    pub actor: Profile,
    /// Each once.
    pub people: Vec<Profile>,
}

/// Take someone out of a group; who names themselves leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemoveMember {
    pub actor: Profile,
    pub person: Profile,
}

/// Take back what a message says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeleteMessage {
    pub actor: UserId,
    /// As its row stood; what stays of a message never changes.
    // In a box, as requests are moved, and this one would be the largest by far.
    pub message: Box<Message>,
}

/// Block or unblock the other of a pair; keyed by their DIRECT conversation, be it opened or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SetBlock {
    pub user: UserId,
    pub other: UserId,
    pub blocked: bool,
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
    MessageDeleted(MessageDeleted),
    MembersChanged(MembersChanged),
    ReceiptAdvanced(ReceiptAdvanced),
    BlocksChanged(BlocksChanged),
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
    pub message: Message,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageDeleted {
    /// What stays of it.
    pub message: Message,
    pub by: UserId,
}

/// A member as of now, with every stay that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MemberStays {
    pub user: UserId,
    pub stays: Vec<Stay>,
}

/// People came or went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MembersChanged {
    pub kind: ConversationKind,
    pub title: Option<String>,
    pub created_by: UserId,
    pub created_at: LogTime,
    pub by: UserId,
    /// Those whose stays it changes.
    pub members: Vec<MemberStays>,
}

/// One of a pair has blocked or unblocked the other: all intervals that are kept, both ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct BlocksChanged {
    pub user: UserId,
    pub other: UserId,
    pub by_user: Vec<Interval>,
    pub by_other: Vec<Interval>,
}

/// How far a member has read; never falls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReceiptAdvanced {
    pub user: UserId,
    pub read_up_to: i64,
}
