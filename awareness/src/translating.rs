//! Translations: a user's other devices learn that a message was translated for them.
//!
//! Invariant: a message names what was translated, and carries no text.

use platform::ports::EphemeralError;
use schemas::{ConversationId, UserId};
use serde::{Deserialize, Serialize};

use crate::Awareness;
use crate::channel::{self, Incoming};
use crate::metrics::Kind;

/// A user has had a message translated, which they may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translated {
    pub user: UserId,
    pub conversation: ConversationId,
    pub seq: i64,
}

impl Awareness {
    /// Publishes to all nodes that a message was translated for a user.
    pub async fn tell_translated(&self, translated: &Translated) -> Result<(), EphemeralError> {
        channel::publish(&*self.ephemeral, Kind::Translation, translated).await
    }

    /// What is translated, and for whom, from now on. Who misses one sees it with the next read.
    pub fn translated(&self) -> Incoming<Translated> {
        Incoming::new(&*self.ephemeral, Kind::Translation)
    }
}
