//! Votes in polls that a viewer sees.

use std::collections::BTreeMap;

use schemas::code::Refusal;
use schemas::polling::Voted;
use schemas::{ConversationId, MessageId};

use super::Access;
use crate::rows::Voters;

impl Access<'_> {
    /// The viewer's own votes in polls, by number; none for a viewer who is gone.
    pub async fn own_votes(
        &self,
        conversation: &ConversationId,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, Voted>, Refusal> {
        let sight = self.sight(conversation).await?;
        if sight.interval().is_err() || seqs.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.reads.rows.voted(conversation, self.viewer, seqs).await
    }

    /// The votes in a poll that no block hides from the viewer; of more than 1,000 users a part.
    pub async fn voters(&self, message: &MessageId) -> Result<Voters, Refusal> {
        let sight = self.sight(&message.conversation).await?;
        if !sight.sight().reaches(message.seq) {
            return Ok(vec![]);
        }
        let (mut voters, _) = self.reads.rows.voters(&message.conversation, message.seq).await?;
        voters.retain(|(user, voted)| !sight.sight().hides(user, voted.at));
        Ok(voters)
    }
}
