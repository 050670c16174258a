//! Charges: what an account took for a request, its refund, and the memory of client ids.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::code::Refusal;
use crate::ids::{AttachmentId, ClientId, ConversationId, TemplateId, UserId};
use crate::moderation::Flagged;
use crate::position::{LogTime, Offset};

/// The counter of an account that a charge has moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub enum ChargeKind {
    Send,
    // A send at a time that its user has chosen before.
    Scheduled,
    Create,
    Edit,
    React,
    Report,
}

/// What an account took for one request. It travels in a header, so that it survives a poison body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Charge {
    pub user: UserId,
    /// Of a request that is idempotent by a client id.
    pub client_id: Option<ClientId>,
    pub kind: ChargeKind,
    pub conversation: ConversationId,
    /// Offset of the command that was charged.
    pub position: Offset,
    /// Time of the charge.
    pub at: LogTime,
    /// Milli-credits, 0 included.
    pub price_milli: i64,
    /// Files of the account that the request carries.
    pub attachments: Vec<AttachmentId>,
    /// Template of the account whose use was counted.
    pub template: Option<TemplateId>,
    /// Rules of the policy that its texts meet, and that ask for attention.
    pub flagged: Option<Flagged>,
}

/// Request to an account, from a conversation: refund a charge that had no effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Refund {
    pub charge: Charge,
    /// Absent for a no-op.
    pub refusal: Option<Box<Refusal>>,
}

/// Request to a conversation: the outcome of the first request under a repeated client id. It carries
/// no charge of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct LookUp {
    pub user: UserId,
    pub client_id: ClientId,
    pub kind: ChargeKind,
    /// Position of the first request's charge.
    pub charge: Offset,
}

/// Row of an account: a request that carried a client id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ClientRequest {
    /// Offset of the command that was charged.
    pub position: Offset,
    /// Hash of what the client said, without the facts that ingest added.
    pub request_hash: i64,
    pub at: LogTime,
    pub kind: ChargeKind,
    pub conversation: ConversationId,
    /// Whether the charge stands; a refunded one is forgotten.
    pub live: bool,
}

impl ClientRequest {
    /// A client id is valid for a day of log time; two days of the table's clock are beyond it.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        Some(2 * 24 * 60 * 60)
    }
}
