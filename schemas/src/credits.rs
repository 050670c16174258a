//! Credits: grants, and every change of a balance.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientId, ConversationId};
use crate::position::LogTime;

/// Request to an account: add credits from the platform; `once` makes it idempotent for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct GrantCredits {
    pub once: String,
    pub amount_milli: i64,
}

/// Reason of a change of balance; `CreditTransaction.type` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum LedgerKind {
    MessageSend,
    Refund,
    Grant,
}

impl LedgerKind {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageSend => "MESSAGE_SEND",
            Self::Refund => "REFUND",
            Self::Grant => "GRANT",
        }
    }
}

/// Fact of an account: a ledger entry was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreditsChanged {
    pub kind: LedgerKind,
    pub amount_milli: i64,
    pub balance_after_milli: i64,
}

/// Row of an account: one change of its balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct LedgerEntry {
    pub kind: LedgerKind,
    pub amount_milli: i64,
    pub balance_after_milli: i64,
    pub at: LogTime,
    pub conversation: Option<ConversationId>,
    pub client_id: Option<ClientId>,
    pub recipients: Option<i32>,
}
