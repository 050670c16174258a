//! Presence of users, and whether the viewer may see it.

use awareness::presence::{PresenceError, Seen};
use domain::access::{Sight, When};
use domain::privacy::{self, Relation};
use futures::future::try_join;
use schemas::privacy::Audience;
use schemas::{Refusal, UserId};

use super::Access;
use crate::error::ephemeral_error;

impl Access<'_> {
    /// The presence of users in their order, each with whether the viewer may see it.
    pub async fn presence(&self, users: &[UserId]) -> Result<Vec<(Seen, bool)>, Refusal> {
        let seen = self.reads.awareness.presence.of(users).await.map_err(presence_error)?;
        let by_follow = seen.iter().filter(|seen| seen.audience == Audience::Followers);
        let by_follow: Vec<UserId> = by_follow.map(|seen| seen.user.clone()).collect();
        let (followed, blocks) =
            try_join(self.reads.rows.follows(self.viewer, &by_follow), self.blocks()).await?;
        let sight = Sight { intervals: &[], when: When::Now, blocks: &*blocks };
        let with_sight = seen.into_iter().map(|seen| {
            let relation = Relation {
                is_own: seen.user == *self.viewer,
                follows: followed.contains(&seen.user),
                is_hidden: !sight.follows(&seen.user),
            };
            let is_erased = self.reads.standings.is_erased(&seen.user);
            let is_shown = !is_erased && privacy::reaches(seen.audience, relation);
            (seen, is_shown)
        });
        Ok(with_sight.collect())
    }
}

/// What a request that needs presence is refused with.
pub fn presence_error(error: PresenceError) -> Refusal {
    match error {
        PresenceError::Ephemeral(error) => ephemeral_error(error),
        PresenceError::Tables(refusal) => refusal,
    }
}
