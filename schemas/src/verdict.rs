//! What a machine answers to the ingest that asked.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::code::Refusal;
use crate::position::Partition;

/// Where an answer goes: the asking ingest's partition of the verdicts topic, and its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    pub slot: Partition,
    pub request: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub enum Decider {
    Accounts,
    Conversations,
}

/// Value of the verdicts topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Verdict {
    pub request: i64,
    pub by: Decider,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum Outcome {
    Accepted(Accepted),
    Refused(Refused),
    Stored(Stored),
    Done(Done),
}

/// The account has let the request pass, now or when it first came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Accepted {
    /// The request repeats an earlier one.
    pub repeated: bool,
}

/// The request has no effect, and costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Refused {
    pub refusal: Refusal,
}

/// The message is in its conversation under this number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Stored {
    pub seq: i64,
}

/// The effect is there, or there was none to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Done {
    /// Whether this request made the effect.
    pub changed: bool,
}

impl Outcome {
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(Refused { refusal })
    }

    /// What was asked for holds already.
    pub fn nothing_to_do() -> Self {
        Self::Done(Done { changed: false })
    }

    /// Why not, if it refuses.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refused) => Some(&refused.refusal),
            Self::Accepted(_) | Self::Stored(_) | Self::Done(_) => None,
        }
    }
}
