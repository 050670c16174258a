//! Forwarding a message: a copy of its text and files goes to each of several conversations, with its provenance.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::attaching::AttachedFile;
use crate::gifs::Gif;
use crate::ids::{ClientId, ConversationId};
use crate::message::{Content, Mentions};
use crate::people::Profile;
use crate::stickers::SentSticker;

/// Request to an account: charge the copies of a message, and pass them on; all of them or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ForwardMessage {
    pub sender: Box<Profile>,
    /// The conversation of the message that is forwarded, as the client named it.
    pub conversation: ConversationId,
    /// Its number.
    pub seq: i64,
    /// Its text, as ingest read it.
    pub content: Content,
    /// Its files, as ingest read them.
    pub attachments: Vec<AttachedFile>,
    /// What it says beside its image, if it is a sticker.
    pub sticker: Option<Box<SentSticker>>,
    /// Its GIF.
    pub gif: Option<Box<Gif>>,
    pub from: Box<Provenance>,
    /// A message of its own, behind each copy.
    pub comment: Option<Content>,
    pub copies: Vec<ForwardCopy>,
}

/// A copy that a forward makes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ForwardCopy {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    /// Of the comment; not looked at without one.
    pub comment_id: ClientId,
    /// Participants other than the sender when ingest accepted the request.
    pub recipients: i32,
    /// Members that the comment mentions, as ingest found them.
    pub mentions: Mentions,
    /// The request that the copy's own verdict answers, at the ingest that the forward's verdict goes to.
    pub request: i64,
}

/// The message whose text a forwarded one has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Provenance {
    pub conversation: ConversationId,
    pub seq: i64,
    pub sender: Profile,
}
