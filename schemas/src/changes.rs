//! What a user has changed in a conversation lately: memberships of a group, or their block of the other.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::position::LogTime;

/// Row of a conversation by user: their changes, by which further ones are limited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Changes {
    /// Those that the limit counted at the last of them, oldest first.
    pub times: Vec<LogTime>,
    /// People whom system messages of the last minute before it were about, oldest first.
    pub noted: Vec<Noted>,
}

/// A system message of a change was about this person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Noted {
    pub user: UserId,
    pub at: LogTime,
}
