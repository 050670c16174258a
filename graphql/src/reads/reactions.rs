//! Reactions to messages that a viewer sees.

use schemas::code::Refusal;
use schemas::position::Offset;
use schemas::{MessageId, UserId};

use super::{Access, ConversationSight};
use crate::rows::Reactors;

impl Access<'_> {
    /// Everyone's reactions to a message, whether a block hides them or not; of more than 1,000 users a part.
    pub async fn reactors(&self, sight: &ConversationSight, seq: i64) -> Result<Reactors, Refusal> {
        if !sight.sight().reaches(seq) {
            return Ok(vec![]);
        }
        Ok(self.reads.rows.by_everyone(sight.id(), seq).await?.0)
    }

    /// The users who put an emoji on a message, as far as the viewer sees them, in the order in which they did.
    pub async fn reacted_with(&self, message: &MessageId, emoji: &str) -> Result<Vec<UserId>, Refusal> {
        let sight = self.sight(&message.conversation).await?;
        let reactors = self.reactors(&sight, message.seq).await?;
        let with = reactors.iter().filter_map(|(user, reacted)| Some((user, reacted.with(emoji)?)));
        let seen = with.filter(|(user, reaction)| !sight.sight().hides(user, reaction.at));
        let mut users: Vec<(Offset, &UserId)> =
            seen.map(|(user, reaction)| (reaction.position, user)).collect();
        users.sort_unstable();
        Ok(users.into_iter().map(|(_, user)| user.clone()).collect())
    }
}
