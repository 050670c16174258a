//! What crosses a wire: ids, records in Avro, topics, tables, error codes.
//!
//! Invariant: a fact about a wire form stands here once; code, documents and deployment files are
//! generated from it or checked against it. Nothing here does I/O.

pub mod account;
pub mod avro;
pub mod code;
pub mod control;
pub mod conversation;
pub mod fold;
pub mod ids;
pub mod message;
pub mod owner;
pub mod people;
pub mod position;
pub mod rows;
pub mod tables;
pub mod topics;
pub mod verdict;

pub use code::{ErrorCode, Refusal};
pub use ids::{ClientId, ConversationId, MessageId, UserId};
pub use position::{Cause, LogTime, Offset, Partition, Version};
