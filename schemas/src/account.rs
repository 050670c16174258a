//! What an account is asked to do, and what it says has happened to it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::code::Refusal;
use crate::conversation::{Content, ConversationKind, Mentions, ReplyStub};
use crate::ids::{ClientId, ConversationId, UserId};
use crate::people::Profile;
use crate::position::{LogTime, Offset};

/// Value of the accounts' commands topic; keyed by user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AccountCommand {
    pub body: AccountRequest,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum AccountRequest {
    SendMessage(SendMessage),
    CreateConversation(CreateConversation),
    ReturnCharge(ReturnCharge),
    GrantCredits(GrantCredits),
}

/// Send a message; `recipients` is what ingest counted, and sets the price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SendMessage {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    pub content: Content,
    pub reply_to: Option<ReplyStub>,
    /// Participants other than the sender when ingest accepted the request.
    pub recipients: i32,
    pub sender: Profile,
    /// Members whom the text names, as ingest found them.
    pub mentions: Mentions,
}

/// Create a conversation; its id follows from the creator and the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreateConversation {
    pub kind: ConversationKind,
    /// Everyone but the creator, sorted, each once.
    pub participants: Vec<UserId>,
    pub title: Option<String>,
    pub client_id: ClientId,
}

/// What had been charged for had no effect; comes from the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReturnCharge {
    pub charge: Charge,
    /// Absent where nothing was wrong but nothing was to be done either.
    pub refusal: Option<Refusal>,
}

/// Credits from the platform; `once` makes it idempotent for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct GrantCredits {
    pub once: String,
    pub amount_milli: i64,
}

/// Which counter of an account a charge has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub enum ChargeKind {
    Send,
    Create,
}

/// What an account took for one request. Travels in a header, so that it survives a poisoned body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Charge {
    pub user: UserId,
    pub client_id: ClientId,
    pub kind: ChargeKind,
    pub conversation: ConversationId,
    /// Offset of the command that was charged.
    pub position: Offset,
    /// When it was counted.
    pub at: LogTime,
    /// Milli-credits, 0 included.
    pub price_milli: i64,
}

/// Value of the account events topic; keyed by user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AccountEvent {
    pub user: UserId,
    pub at: LogTime,
    pub body: AccountFact,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum AccountFact {
    CreditsChanged(CreditsChanged),
    SendRejected(SendRejected),
}

/// One ledger entry came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreditsChanged {
    pub kind: LedgerKind,
    pub amount_milli: i64,
    pub balance_after_milli: i64,
}

/// A send that had been accepted was refused by its conversation, and refunded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SendRejected {
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub refusal: Refusal,
}

/// Why a balance changed; `CreditTransaction.type` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum LedgerKind {
    MessageSend,
    Refund,
    Grant,
}

impl LedgerKind {
    /// The name that clients see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageSend => "MESSAGE_SEND",
            Self::Refund => "REFUND",
            Self::Grant => "GRANT",
        }
    }
}
