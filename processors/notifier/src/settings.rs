//! What the notifier is given.

use egress::{Development, Room};

use crate::fcm::{self, FcmError};
use crate::web_push::vapid::MalformedKey;

/// Push services are few hosts, and each has many users.
const ROOM: Room = Room { in_all: 256, per_host: 64, waiting: 4_096 };
/// Bytes of an answer: its head, a token, or an error is used of it.
const ANSWER_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Key(#[from] MalformedKey),
    #[error(transparent)]
    Fcm(#[from] FcmError),
    #[error(transparent)]
    Egress(#[from] egress::SettingsError),
}

pub struct Settings {
    /// Private key of P-256, by which push services know the deployment.
    pub vapid_key: [u8; 32],
    /// Where a push service reaches the operator: a `mailto:` or `https:` URI.
    pub contact: Option<String>,
    /// The project of the deployment's apps, if it has any.
    pub fcm: Option<fcm::Settings>,
    /// Push services of a test on this machine.
    pub development: Development,
}

impl Settings {
    /// How endpoints are called.
    pub(crate) fn egress(&self) -> Result<egress::Settings, egress::SettingsError> {
        self.development.apply(egress::Settings {
            most_wire_bytes: ANSWER_BYTES,
            most_decoded_bytes: ANSWER_BYTES,
            room: ROOM,
            ..egress::Settings::default()
        })
    }
}
