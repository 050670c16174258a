//! The policy, and the control records that put it in force.
//!
//! Invariant: limits and prices reach a decision only by a control record in the decision's own
//! partition, so every replay decides by the same policy.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::flags::Features;
use crate::gifs::GifRules;
use crate::moderation::Moderation;

/// Newest version of the rules in code that this build can run; it also runs the one before.
pub const RULES: i32 = 1;
/// What every partition starts by, in every build: a replay from its first record must meet the same.
pub const FIRST_RULES: i32 = 1;

/// A record without key in a commands partition: from here on these hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Control {
    pub policy: Option<PolicyVersion>,
    pub rules: Option<i32>,
}

/// A policy under its version; a version not above the one in force changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PolicyVersion {
    pub version: i64,
    pub policy: Policy,
}

/// Limits, prices, feature flags, and rules over texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Policy {
    pub prices: Prices,
    pub limits: Limits,
    pub features: Features,
    pub moderation: Moderation,
    pub gifs: GifRules,
}

/// Milli-credits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Prices {
    pub message_per_recipient: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Limits {
    pub send: Limit,
    pub create_conversation: Limit,
    /// Sends of one text by one user.
    pub identical_text: Limit,
    /// Conversations that one user sends one text to.
    pub identical_text_conversations: Limit,
    /// Members of a GROUP, its creator included.
    pub group_members: i32,
    /// Unicode scalar values of one message.
    pub message_characters: i32,
    /// Time after its acceptance during which a message may be edited.
    pub edit_window_seconds: i64,
    pub edits_per_message: i32,
    /// Edits by one user.
    pub edit: Limit,
    pub react: Limit,
    /// Reports of messages by one user.
    pub report: Limit,
    /// How long a suspension lasts.
    pub suspension_seconds: i64,
    /// Distinct emoji on one message.
    pub emoji_per_message: i32,
    /// Pinned messages of one conversation.
    pub pins_per_conversation: i32,
    /// Conversations that one forward may go to.
    pub forward_conversations: i32,
    /// Changes of members by one user in one conversation.
    pub change_members: Limit,
    /// Changes of one user's block of another.
    pub block: Limit,
    pub upload: Limit,
    /// Bytes of one file.
    pub attachment_bytes: i32,
    pub attachments_per_message: i32,
    /// Of one voice message.
    pub voice_seconds: i32,
    /// Templates of one user.
    pub templates: i32,
    /// New packs of stickers of one user.
    pub sticker_pack: Limit,
    /// Packs that one user has made.
    pub own_sticker_packs: i32,
    /// Packs of others that one user has added.
    pub added_sticker_packs: i32,
    pub stickers_per_pack: i32,
    /// Translations that are made by the provider for one user; no machine counts them.
    pub translate: Limit,
}

/// At most `count` in any `seconds`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Limit {
    pub count: i32,
    pub seconds: i64,
}
