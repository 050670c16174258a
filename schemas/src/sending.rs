//! Sending: from the account, which charges, to the conversation, which numbers.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::aspects::Aspect;
use crate::attaching::AttachedFile;
use crate::code::Refusal;
use crate::forwarding::Provenance;
use crate::gifs::Gif;
use crate::ids::{AttachmentId, ClientId, ConversationId, TemplateId, UserId};
use crate::message::{Content, Mentions, Message, ReplyStub};
use crate::people::Profile;
use crate::position::{LogTime, Offset};
use crate::stickers::{ChosenSticker, SentSticker};

/// Request to an account: send a message. `recipients` is a fact of ingest, and sets the price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SendMessage {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    pub content: Content,
    pub reply_to: Option<Box<ReplyStub>>,
    /// Participants other than the sender when ingest accepted the request.
    pub recipients: i32,
    pub sender: Box<Profile>,
    /// Members that the text mentions, as ingest found them.
    pub mentions: Mentions,
    /// Of the sender's own.
    pub attachments: Vec<AttachmentId>,
    /// One of the sender's own, whose use is counted. The content is what is sent.
    pub template: Option<Box<TemplateId>>,
    /// In place of a text and files.
    pub sticker: Option<Box<ChosenSticker>>,
    /// As ingest found it at its provider.
    pub gif: Option<Box<Gif>>,
}

/// Request to a conversation: a send that its account has charged. The charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PostMessage {
    pub client_id: ClientId,
    pub sender: Profile,
    pub content: Content,
    pub reply_to: Option<Box<ReplyStub>>,
    pub mentions: Mentions,
    pub attachments: Vec<AttachedFile>,
    /// Of a sticker, whose image is the one file.
    pub sticker: Option<Box<SentSticker>>,
    pub gif: Option<Box<Gif>>,
    /// Of a copy.
    pub forwarded: Option<Box<Provenance>>,
    /// Whether the sender sends read receipts: sending reads up to one's own message.
    pub shows_reads: bool,
}

/// Fact of a conversation: a message was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageCreated {
    pub message: Message,
}

/// Fact of an account: an accepted send was refused by its conversation, and refunded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SendRejected {
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub refusal: Refusal,
}

/// Row of a conversation by (sender, client id): the number of a send, and the charge that paid for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Sent {
    pub seq: i64,
    pub charge: Offset,
}

/// Row of a conversation by number: what decisions about a message read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct MessageHead {
    /// Absent for system messages, which nobody deletes.
    pub sender: Option<UserId>,
    /// Offset of the command that posted it.
    pub position: Offset,
    pub at: LogTime,
    /// Messages up to this one that count as unread, this one included.
    pub ordinal: i64,
    pub removed_at: Option<LogTime>,
    /// The bits of the aspects that it has.
    pub aspects: i32,
}

impl MessageHead {
    pub fn has(&self, aspect: Aspect) -> bool {
        self.aspects & aspect.bit() != 0
    }
}
