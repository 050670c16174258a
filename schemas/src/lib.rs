//! What crosses a wire: ids, records in Avro, topics, tables, error codes.
//!
//! Invariant: a fact about a wire form stands here once; code, documents and deployment files are
//! generated from it or checked against it. Nothing here does I/O.
//!
//! A capability (sending, deleting, …) has one file with its requests, facts and rows; [`operations`],
//! [`facts`] and [`rows`] declare them, once for each machine.

pub mod aspects;
pub mod attaching;
pub mod auditing;
pub mod avro;
pub mod blocking;
pub mod changes;
pub mod charging;
pub mod code;
pub mod control;
pub mod creating;
pub mod credits;
pub mod deleting;
pub mod digest;
pub mod editing;
pub mod facts;
pub mod flags;
pub mod forwarding;
pub mod gifs;
pub mod ids;
pub mod limits;
pub mod membership;
pub mod message;
pub mod message_requests;
pub mod moderation;
pub mod notifications;
pub mod operations;
pub mod organizing;
pub mod people;
pub mod pinning;
pub mod polling;
pub mod position;
pub mod preferences;
pub mod previewing;
pub mod privacy;
pub mod push;
pub mod reacting;
pub mod receipts;
pub mod record;
pub mod reporting;
pub mod rows;
pub mod scheduling;
pub mod search;
pub mod sending;
pub mod settings;
pub mod states;
pub mod stickers;
pub mod suspending;
pub mod tables;
pub mod templating;
pub mod topics;
pub mod uploading;
pub mod verdict;
pub mod voice;

pub use code::{ErrorCode, Refusal};
pub use facts::{AccountFact, ConversationFact};
pub use ids::{
    AttachmentId, ClientId, ConversationId, ConversationKey, MessageId, PackId, StickerId, TemplateId, UserId,
};
pub use operations::{AccountRequest, ConversationRequest};
pub use position::{Cause, LogTime, Offset, Partition, Version};
