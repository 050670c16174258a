//! Push subscriptions: the browsers and apps that a user's notifications are sent to.
//!
//! Invariant: addresses and keys of a subscription are secrets of its user. No fact tells them, and no `Debug`
//! shows them.

use std::fmt;

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::position::LogTime;

/// What a subscription belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[avro(namespace = "musclemap.messaging")]
pub enum PushDevice {
    Web,
    Mobile,
    Desktop,
}

/// How a subscription is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum PushChannel {
    WebPush(WebPush),
    Fcm(FcmToken),
}

/// Names a channel: there is one subscription of an account with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging", repr = "bare_union")]
pub enum PushAddress {
    WebPush(PushEndpoint),
    Fcm(FcmToken),
}

/// A browser's subscription (RFC 8030, RFC 8291).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct WebPush {
    pub endpoint: String,
    /// Uncompressed point of P-256, in base64url without padding.
    pub p256dh: String,
    /// 16 bytes, in base64url without padding.
    pub auth: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PushEndpoint {
    pub endpoint: String,
}

/// Registration token of an app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct FcmToken {
    pub token: String,
}

macro_rules! hidden {
    ($($secret:ident)*) => {
        $(impl fmt::Debug for $secret {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($secret)).finish_non_exhaustive()
            }
        })*
    };
}

hidden! { WebPush PushEndpoint FcmToken }

impl PushChannel {
    pub fn address(&self) -> PushAddress {
        match self {
            Self::WebPush(web) => PushAddress::WebPush(PushEndpoint { endpoint: web.endpoint.clone() }),
            Self::Fcm(token) => PushAddress::Fcm(token.clone()),
        }
    }
}

/// Request to an account: send notifications there too. A known address has its keys and its device replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RegisterPush {
    pub channel: PushChannel,
    pub device: PushDevice,
}

/// Request to an account: send no more notifications there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemovePush {
    /// Absent: to none of the account's.
    pub named: Option<NamedPush>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct NamedPush {
    pub address: PushAddress,
}

impl RemovePush {
    /// One of the account's.
    pub fn one(address: PushAddress) -> Self {
        Self { named: Some(NamedPush { address }) }
    }

    /// All of the account's.
    pub fn all() -> Self {
        Self { named: None }
    }
}

/// Row of an account: its push subscriptions, the last used one last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct PushSubscriptions {
    pub all: Vec<PushSubscription>,
}

impl PushSubscriptions {
    /// Subscriptions of one account.
    pub const MOST: usize = 20;
    /// A subscription that was not used for this long goes, in milliseconds: 90 days.
    pub const UNUSED_MS: i64 = 90 * 24 * 60 * 60 * 1_000;

    pub fn of(&self, address: &PushAddress) -> Option<&PushSubscription> {
        self.all.iter().find(|subscription| subscription.channel.address() == *address)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct PushSubscription {
    pub channel: PushChannel,
    pub device: PushDevice,
    /// When it was last registered.
    pub used_at: LogTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_shows_an_address_or_a_key() {
        let web = WebPush {
            endpoint: "https://push.example/secret".to_owned(),
            p256dh: "secret".to_owned(),
            auth: "secret".to_owned(),
        };
        let token = FcmToken { token: "secret".to_owned() };
        for channel in [PushChannel::WebPush(web), PushChannel::Fcm(token)] {
            let removed = RemovePush::one(channel.address());
            let asked = RegisterPush { channel: channel.clone(), device: PushDevice::Web };
            let kept = PushSubscription { channel, device: PushDevice::Web, used_at: 1 };
            let said = format!("{removed:?} {asked:?} {:?}", PushSubscriptions { all: vec![kept] });
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
