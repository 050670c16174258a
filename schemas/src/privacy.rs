//! Privacy of a user: who may write to them, and what they let others know of them.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

/// The users to whom a setting gives something. Followers are those who follow the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum Audience {
    Everyone,
    Followers,
    NoOne,
}

/// Settings of an account; part of its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Privacy {
    pub who_can_message_me: Audience,
    pub show_online_status: Audience,
    /// Off: neither sends read receipts nor sees those of others.
    pub show_read_receipts: bool,
    pub show_typing_indicator: bool,
    /// Whether a user outside `who_can_message_me` may send a request.
    pub allow_message_requests: bool,
    /// Others see the user as offline, whatever `show_online_status` says.
    pub appear_offline: bool,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            who_can_message_me: Audience::Everyone,
            show_online_status: Audience::Followers,
            show_read_receipts: true,
            show_typing_indicator: true,
            allow_message_requests: true,
            appear_offline: false,
        }
    }
}

/// Request to an account: change its privacy settings; what is absent stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UpdatePrivacy {
    pub who_can_message_me: Option<Audience>,
    pub show_online_status: Option<Audience>,
    pub show_read_receipts: Option<bool>,
    pub show_typing_indicator: Option<bool>,
    pub allow_message_requests: Option<bool>,
    pub appear_offline: Option<bool>,
}

/// Fact of an account: its privacy settings have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PrivacyChanged {
    /// All of them as they stand.
    pub privacy: Privacy,
}
