//! Forms of a conversation's rows.

use schemas::avro::{self, DecodeError};
use schemas::fold::StoredRow;
use schemas::owner;
use schemas::rows::{Blocks, Member, MessageHead, Once, Receipt, Sent};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationRow {
    Member(Member),
    Receipt(Receipt),
    Blocks(Blocks),
    Sent(Sent),
    Message(MessageHead),
    Once(Once),
}

impl StoredRow for ConversationRow {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Member(row) => avro::encode(row),
            Self::Receipt(row) => avro::encode(row),
            Self::Blocks(row) => avro::encode(row),
            Self::Sent(row) => avro::encode(row),
            Self::Message(row) => avro::encode(row),
            Self::Once(row) => avro::encode(row),
        }
    }

    fn decode(kind: i32, bytes: &[u8]) -> Result<Self, DecodeError> {
        match kind {
            owner::MEMBER => avro::decode(bytes).map(Self::Member),
            owner::RECEIPT => avro::decode(bytes).map(Self::Receipt),
            owner::BLOCKS => avro::decode(bytes).map(Self::Blocks),
            owner::SENT => avro::decode(bytes).map(Self::Sent),
            owner::MESSAGE => avro::decode(bytes).map(Self::Message),
            owner::ONCE => avro::decode(bytes).map(Self::Once),
            _ => Err(DecodeError::Malformed(format!("no conversation row is of kind {kind}"))),
        }
    }
}
