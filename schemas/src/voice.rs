//! Voice messages: a recording that is a message, sent and charged as one.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AttachmentId, ClientId, ConversationId};
use crate::message::ReplyStub;
use crate::people::Profile;

/// Request to an account: send a recording. `recipients` is a fact of ingest, and sets the price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SendVoice {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    /// Of the sender's own.
    pub attachment: AttachmentId,
    pub reply_to: Option<Box<ReplyStub>>,
    /// Participants other than the sender when ingest accepted the request.
    pub recipients: i32,
    pub sender: Profile,
}
