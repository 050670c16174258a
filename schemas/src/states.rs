//! States of the two machines' owners: one row each, written with every command.
//!
//! Invariant: a state is small (≤ 64 KiB); everything that grows is rows beside it.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::avro;
use crate::creating::Opened;
use crate::notifications::Notifications;
use crate::pinning::Pin;
use crate::position::{LogTime, Offset};
use crate::privacy::Privacy;
use crate::suspending::Suspension;

/// An account: balance, settings and windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct AccountState {
    /// Offset of the last command decided; -1 before the first.
    pub applied: Offset,
    /// Time of the last command decided.
    pub at: LogTime,
    pub balance_milli: i64,
    pub privacy: Privacy,
    pub notifications: Notifications,
    /// Time of each charged send that still counts, oldest first.
    pub sends: Vec<LogTime>,
    /// Time of each counted creation, oldest first.
    pub creations: Vec<LogTime>,
    /// Recent texts, oldest first.
    pub texts: Vec<TextMark>,
    /// Those that have not ended when the last one came or went, by their end.
    pub suspensions: Vec<Suspension>,
}

impl AccountState {
    /// The state of an account before its first command.
    pub fn fresh() -> Self {
        Self {
            applied: -1,
            at: 0,
            balance_milli: 0,
            privacy: Privacy::default(),
            notifications: Notifications::default(),
            sends: vec![],
            creations: vec![],
            texts: vec![],
            suspensions: vec![],
        }
    }
}

/// One recent send, for the limit on identical texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct TextMark {
    pub at: LogTime,
    /// Hash of the text's skeleton.
    pub text: i64,
    /// Hash of the conversation's id.
    pub conversation: i64,
}

/// A conversation: what it is, and its counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ConversationState {
    /// Offset of the last command decided; -1 before the first.
    pub applied: Offset,
    /// Time of the last command decided.
    pub at: LogTime,
    /// Absent until it is opened.
    pub opened: Option<Opened>,
    /// Number of the newest message; 0 before the first.
    pub head: i64,
    /// Time at which the newest message was accepted.
    pub head_at: LogTime,
    /// Present members.
    pub members: i32,
    /// Messages so far that count as unread for their recipients: all but system messages.
    pub countable: i64,
    /// Numbers of countable messages that were removed, ascending; the newest of them.
    pub removed: Vec<i64>,
    /// The highest number that `removed` no longer holds; 0 if it holds all.
    pub removed_dropped: i64,
    /// Pinned messages, in the order in which they were pinned.
    pub pins: Vec<Pin>,
}

impl ConversationState {
    /// The length to which `removed` grows.
    pub const MAX_REMOVED: usize = 512;
}

avro::release! { STATES: 20 AccountState, 24 ConversationState, }
