//! The record of one user, and what others learn of it.

use bytes::Bytes;
use domain::presence::{Presence, Status};
use schemas::position::LogTime;
use schemas::privacy::Audience;
use schemas::{ConversationId, UserId};
use serde::{Deserialize, Serialize};

/// How long an audience is relied on before the settings are read again.
const AUDIENCE_MS: LogTime = 60_000;

/// The value of a user's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub presence: Presence,
    /// The status that was published last, when, and under which version.
    published: Status,
    published_at: LogTime,
    pub version: LogTime,
    pub audience: Audience,
    audience_at: Option<LogTime>,
    /// The audience before a change that was not published.
    pub unpublished: Option<Audience>,
}

/// Closed until the settings are known.
impl Default for Record {
    fn default() -> Self {
        Self {
            presence: Presence::default(),
            published: Status::Offline,
            published_at: 0,
            version: 0,
            audience: Audience::NoOne,
            audience_at: None,
            unpublished: None,
        }
    }
}

/// A user's presence, and to whom it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub user: UserId,
    pub status: Status,
    pub last_seen: Option<LogTime>,
    pub audience: Audience,
}

impl Seen {
    /// As it looks to users who may not see it.
    pub fn hidden(&self) -> Self {
        Self { status: Status::Offline, last_seen: None, ..self.clone() }
    }
}

/// A user's status or audience has changed: a message between processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub seen: Seen,
    /// Of one user a higher one is newer.
    pub version: LogTime,
    /// The audience until now, if it has changed.
    pub audience_before: Option<Audience>,
    /// Conversations whose members may receive the change.
    pub conversations: Vec<ConversationId>,
}

impl Record {
    pub fn read(value: &Bytes) -> Option<Self> {
        serde_json::from_slice(value).ok()
    }

    pub fn seen(&self, user: &UserId, now: LogTime) -> Seen {
        Seen {
            user: user.clone(),
            status: self.presence.status(now),
            last_seen: self.presence.last_seen,
            audience: self.audience,
        }
    }

    pub fn is_audience_old(&self, now: LogTime) -> bool {
        self.audience_at.is_none_or(|at| now >= at.saturating_add(AUDIENCE_MS))
    }

    /// Notes the audience as the settings say; returns the one before, if others have to learn of the change.
    pub fn take_audience(&mut self, audience: Audience, now: LogTime) -> Option<Audience> {
        let before = std::mem::replace(&mut self.audience, audience);
        let was_known = self.audience_at.replace(now).is_some();
        (was_known && before != audience).then_some(before)
    }

    /// Records a changed or requested status as published, under a new version; returns whether to publish a
    /// message. If the audience is and was `NoOne`, there is no message: its time alone would reveal a
    /// change.
    pub fn publishes(
        &mut self,
        audience_before: Option<Audience>,
        asked_at: Option<LogTime>,
        now: LogTime,
    ) -> bool {
        let status = self.presence.status(now);
        let is_asked =
            status != Status::Offline && asked_at.is_some_and(|asked_at| asked_at > self.published_at);
        if status == self.published && audience_before.is_none() && !is_asked {
            return false;
        }
        (self.published, self.published_at) = (status, now);
        self.version = now.max(self.version + 1);
        audience_before.unwrap_or(self.audience) != Audience::NoOne || self.audience != Audience::NoOne
    }
}
