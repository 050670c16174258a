//! Votes in polls that a viewer sees.

use schemas::MessageId;
use schemas::code::Refusal;

use super::Access;
use crate::rows::Voters;

impl Access<'_> {
    /// The votes in a poll that no block hides from the viewer; of more than 1,000 users a part.
    pub async fn voters(&self, message: &MessageId) -> Result<Voters, Refusal> {
        let sight = self.sight(&message.conversation).await?;
        if !sight.sight().reaches(message.seq) {
            return Ok(vec![]);
        }
        let (mut voters, _): (Voters, bool) =
            self.reads.rows.by_everyone(&message.conversation, message.seq).await?;
        voters.retain(|(user, voted)| !sight.sight().hides(user, voted.at));
        Ok(voters)
    }
}
