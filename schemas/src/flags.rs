//! Feature flags: the parts of the API that a policy rolls out to some users, and switches off.
//!
//! Invariant: a flag has one key for ever, because users are drawn by a hash of it.

use std::str::FromStr;

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

macro_rules! flags {
    ($($(#[$doc:meta])* $flag:ident $key:literal,)*) => {
        /// A part of the API that can be switched.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Flag {
            $($(#[$doc])* $flag,)*
        }

        impl Flag {
            pub const ALL: &[Self] = &[$(Self::$flag),*];

            /// Its name in the policy and in the API.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$flag => $key,)*
                }
            }
        }
    };
}

flags! {
    TypingIndicators "messaging.typing_indicators",
    MessageEditing "messaging.message_editing",
    DeliveryReceipts "messaging.delivery_receipts",
    PresenceSystem "messaging.presence_system",
    PushNotifications "messaging.push_notifications",
    MessageReactions "messaging.message_reactions",
    MessageSearch "messaging.message_search",
    VoiceMessages "messaging.voice_messages",
    LinkPreviews "messaging.link_previews",
    GifSupport "messaging.gif_support",
    ScheduledMessages "messaging.scheduled_messages",
    DisappearingMessages "messaging.disappearing_messages",
    /// End-to-end encryption: devices, keys and sealed messages.
    E2eEncryption "messaging.e2e_encryption",
    MessageForwarding "messaging.message_forwarding",
    MessagePinning "messaging.message_pinning",
    Attachments "messaging.attachments",
    Stickers "messaging.stickers",
    Polls "messaging.polls",
    /// Cards of workouts, achievements, challenges and profiles, and the high-five.
    FitnessCards "messaging.fitness_cards",
    MessageTemplates "messaging.message_templates",
    Translation "messaging.translation",
    SmartReplies "messaging.smart_replies",
    Channels "messaging.channels",
    Broadcasts "messaging.broadcasts",
    Exports "messaging.exports",
    Analytics "messaging.analytics",
    TrainerTools "messaging.trainer_tools",
}

/// The flags of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct Features {
    /// A flag that is not here is off.
    pub flags: Vec<FlagRule>,
}

/// Who has a feature: of the users of some tiers, or of all, a part; and some users in any case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[serde(deny_unknown_fields)]
#[avro(namespace = "musclemap.messaging")]
pub struct FlagRule {
    pub key: String,
    /// Of a hundred users, how many have it.
    pub percentage: i32,
    /// Tiers whose users are drawn; empty for those of every tier, and of none.
    #[serde(default)]
    pub tiers: Vec<String>,
    /// Users who have it without being drawn.
    #[serde(default)]
    pub users: Vec<UserId>,
    /// Kill switch: overrides every other field.
    #[serde(default)]
    pub off: bool,
}

/// The class of a user's subscription, as the platform names it: 1 to 32 of `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier(String);

/// Not the name of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a tier")]
pub struct MalformedTier;

impl Tier {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tier {
    type Err = MalformedTier;

    fn from_str(name: &str) -> Result<Self, MalformedTier> {
        let is_named =
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
        if is_named && (1..=32).contains(&name.len()) {
            Ok(Self(name.to_owned()))
        } else {
            Err(MalformedTier)
        }
    }
}
