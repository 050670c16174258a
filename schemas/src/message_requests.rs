//! Message requests: conversations that a member has not accepted, because of their privacy settings.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::blocking::PairBlocks;
use crate::creating::Opened;
use crate::ids::{ConversationId, UserId};
use crate::membership::MembershipInterval;
use crate::position::LogTime;

/// How it stands. Only requests of a pair are declined: who declines one of a group leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum RequestState {
    Open,
    Declined,
}

/// Part of a member: a request to them that they have not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MessageRequest {
    pub state: RequestState,
    /// Who opened the conversation, or added the member.
    pub by: UserId,
    pub at: LogTime,
}

impl MessageRequest {
    pub fn is_open(&self) -> bool {
        match self.state {
            RequestState::Open => true,
            RequestState::Declined => false,
        }
    }
}

/// Request to a conversation: the user accepts the request to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AcceptRequest {
    pub user: UserId,
}

/// Request to a conversation: the user declines the request to them, or their account drops it as the oldest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeclineRequest {
    pub user: UserId,
}

/// Request to an account, by a conversation: a request to its user is open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct NoteRequest {
    pub conversation: ConversationId,
}

/// Request to an account, by a conversation: a request to its user is not open any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SettleRequest {
    pub conversation: ConversationId,
}

/// Fact of a conversation: a request to a member of a pair is open; or a member has accepted or declined one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RequestChanged {
    pub about: Opened,
    /// Who is asked.
    pub user: UserId,
    /// Absent once it is accepted.
    pub request: Option<MessageRequest>,
    /// The user's intervals: all that are kept.
    pub intervals: Vec<MembershipInterval>,
    /// Of a pair alone.
    pub pair: Option<RequestedPair>,
}

/// The pair between whom a request stands or stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RequestedPair {
    /// Who asks.
    pub other: UserId,
    /// From the side of who is asked.
    pub blocks: PairBlocks,
}

/// Row of an account: its open requests, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct OpenRequests {
    pub conversations: Vec<ConversationId>,
}

impl OpenRequests {
    /// The number of requests that are kept open; beyond, the oldest go.
    pub const MOST: usize = 200;
}
