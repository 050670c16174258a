//! Who types: published to all nodes, and damped.
//!
//! Invariants: of one user in one conversation a process publishes the same at most every [`EVERY`]; what has
//! been published lasts for [`LASTS`], and needs no second message to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use platform::lock::locked;
use platform::ports::{Ephemeral, EphemeralError};
use schemas::people::Profile;
use schemas::{ConversationId, UserId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::channel;
use crate::metrics::Kind;

/// How long a typing status lasts without a repeat.
pub const LASTS: Duration = Duration::from_secs(5);
/// Repeats within this time are answered and not published.
pub const EVERY: Duration = Duration::from_secs(2);
/// Statuses kept for damping. At this bound expired ones are removed, and new ones are not damped.
const REMEMBERED: usize = 20_000;

/// A user has begun to type in a conversation, goes on, or has stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    pub conversation: ConversationId,
    pub by: Profile,
    pub is_typing: bool,
}

type Key = (UserId, ConversationId);

/// Publishes who types.
pub struct Publisher {
    ephemeral: Arc<dyn Ephemeral>,
    recent: Mutex<HashMap<Key, Said>>,
}

/// What was published last.
#[derive(Debug, Clone, Copy)]
struct Said {
    is_typing: bool,
    at: Instant,
}

impl Said {
    fn is_recent(&self, now: Instant) -> bool {
        now < self.at + EVERY
    }
}

impl Publisher {
    pub(crate) fn new(ephemeral: Arc<dyn Ephemeral>) -> Self {
        Self { ephemeral, recent: Mutex::default() }
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<Key, Said>> {
        locked(&self.recent)
    }

    /// Publishes a status to all nodes, unless the same was published within [`EVERY`].
    pub async fn publish(&self, typing: &Typing) -> Result<(), EphemeralError> {
        let key = (typing.by.user.clone(), typing.conversation.clone());
        if !self.note(&key, typing.is_typing, Instant::now()) {
            return Ok(());
        }
        let published = channel::publish(&*self.ephemeral, Kind::Typing, typing).await;
        if published.is_err() {
            self.recent().remove(&key);
        }
        published
    }

    /// Records a status; returns whether it is to be published.
    fn note(&self, key: &Key, is_typing: bool, now: Instant) -> bool {
        let mut recent = self.recent();
        if recent.get(key).is_some_and(|said| said.is_typing == is_typing && said.is_recent(now)) {
            return false;
        }
        if recent.len() >= REMEMBERED {
            recent.retain(|_, said| said.is_recent(now));
        }
        if recent.len() < REMEMBERED {
            recent.insert(key.clone(), Said { is_typing, at: now });
        }
        true
    }

    /// Clears the damping, because a message or the end of a membership has ended the status.
    pub fn forget(&self, user: &UserId, conversation: &ConversationId) {
        self.recent().remove(&(user.clone(), conversation.clone()));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use platform::in_process::InProcess;
    use tokio::time::{advance, timeout};

    use super::*;
    use crate::tests::{Settings, Still};
    use crate::{Awareness, Incoming};

    async fn stage(ephemeral: Arc<InProcess>) -> (Arc<Awareness>, Incoming<Typing>) {
        let awareness = Awareness::new(ephemeral, Arc::new(Settings::default()), Arc::new(Still::default()));
        let mut incoming = awareness.typists();
        assert_eq!(incoming.next().await, None, "it begins");
        (awareness, incoming)
    }

    fn typing(user: &str, is_typing: bool) -> Typing {
        let by = Profile {
            user: user.parse().unwrap(),
            username: user.to_owned(),
            display_name: user.to_owned(),
            avatar_url: None,
        };
        Typing { conversation: "0".repeat(32).parse().unwrap(), by, is_typing }
    }

    /// Whether a subscriber receives the status.
    async fn comes(awareness: &Awareness, incoming: &mut Incoming<Typing>, said: Typing) -> bool {
        awareness.typing.publish(&said).await.unwrap();
        let next = timeout(Duration::from_millis(1), incoming.next()).await;
        next.is_ok_and(|next| next == Some(said))
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_is_published_every_two_seconds_and_a_change_at_once() {
        let (awareness, mut incoming) = stage(Arc::new(InProcess::default())).await;
        assert!(comes(&awareness, &mut incoming, typing("ann", true)).await);
        assert!(!comes(&awareness, &mut incoming, typing("ann", true)).await);
        assert!(comes(&awareness, &mut incoming, typing("bob", true)).await);
        advance(EVERY).await;
        assert!(comes(&awareness, &mut incoming, typing("ann", true)).await);
        assert!(comes(&awareness, &mut incoming, typing("ann", false)).await);
        assert!(!comes(&awareness, &mut incoming, typing("ann", false)).await);
        assert!(comes(&awareness, &mut incoming, typing("ann", true)).await);
        let ann = typing("ann", true);
        awareness.typing.forget(&ann.by.user, &ann.conversation);
        assert!(comes(&awareness, &mut incoming, ann).await);
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_is_passed_over() {
        let ephemeral = Arc::new(InProcess::default());
        let (awareness, mut incoming) = stage(ephemeral.clone()).await;
        ephemeral.publish(Kind::Typing.name(), Bytes::from_static(b"{}")).await.unwrap();
        assert!(comes(&awareness, &mut incoming, typing("ann", true)).await);
    }
}
