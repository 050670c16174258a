//! Reacting to a message with emoji: a row for what each user did, and an aspect for what all did.
//!
//! Invariant: an emoji is in its fully-qualified form, so that equal emoji are equal texts.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{ConversationId, UserId};
use crate::message::MessageTarget;
use crate::position::{LogTime, Offset};
use crate::rows::TOMBSTONE_SECONDS;

/// Request to an account: put an emoji on a message. It is counted, and passed on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AddReaction {
    pub conversation: ConversationId,
    pub target: MessageTarget,
    pub emoji: String,
}

/// Request to a conversation: a reaction that its account has counted. The charge is in the envelope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct React {
    pub user: UserId,
    pub target: MessageTarget,
    pub emoji: String,
}

/// Request to a conversation: take an emoji of one's own from a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemoveReaction {
    pub user: UserId,
    pub target: MessageTarget,
    pub emoji: String,
}

/// A reaction, as facts tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ToldReaction {
    pub target: MessageTarget,
    /// When the message was sent.
    pub sent_at: LogTime,
    pub user: UserId,
    pub emoji: String,
    /// When the user reacted.
    pub at: LogTime,
}

/// Fact of a conversation: a user has put an emoji on a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReactionAdded {
    pub reaction: ToldReaction,
}

/// Fact of a conversation: a user has taken their emoji from a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ReactionRemoved {
    pub reaction: ToldReaction,
}

/// Row of a conversation by number: the emoji on a message. The aspect of the message says the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Reactions {
    /// In the order in which they came.
    pub groups: Vec<ReactionGroup>,
}

/// One emoji on a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct ReactionGroup {
    pub emoji: String,
    pub count: i32,
    /// The users who reacted first, in order: at most [`ReactionGroup::FIRST`], fewer where one of them took
    /// their reaction back.
    pub first: Vec<UserId>,
}

impl ReactionGroup {
    pub const FIRST: usize = 3;
}

impl Reactions {
    /// The row of a message without reactions is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.groups.is_empty().then_some(TOMBSTONE_SECONDS)
    }
}

/// Row of a conversation by (number, user): the reactions of a user to a message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Reacted {
    /// In the order in which they came.
    pub reactions: Vec<Reaction>,
    /// Positions of the last additions that were removed since, by which a command that comes again knows its own.
    pub removed: Vec<Offset>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Reaction {
    pub emoji: String,
    pub at: LogTime,
    /// Offset of the command that added it, by which the reactions of all users are in order.
    pub position: Offset,
}

impl Reacted {
    /// Additions and removals that a user may make between two checkpoints, and more.
    pub const MOST_REMOVED: usize = 32;

    /// Whether the addition at `position` took place.
    pub fn was_added(&self, position: Offset) -> bool {
        self.removed.contains(&position)
            || self.reactions.iter().any(|reaction| reaction.position == position)
    }

    pub fn remove(&mut self, emoji: &str) -> Option<Reaction> {
        let place = self.reactions.iter().position(|reaction| reaction.emoji == emoji)?;
        let reaction = self.reactions.remove(place);
        if self.removed.len() == Self::MOST_REMOVED {
            self.removed.remove(0);
        }
        self.removed.push(reaction.position);
        Some(reaction)
    }

    pub fn with(&self, emoji: &str) -> Option<&Reaction> {
        self.reactions.iter().find(|reaction| reaction.emoji == emoji)
    }

    /// The row of a user without reactions is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.reactions.is_empty().then_some(TOMBSTONE_SECONDS)
    }
}
