//! What the viewer did to messages.

use std::collections::BTreeMap;

use schemas::ConversationId;
use schemas::code::Refusal;

use super::Access;
use crate::rows::DoneToMessage;

impl Access<'_> {
    /// The viewer's own rows of messages, by number; none for a viewer who is gone.
    pub async fn own<T: DoneToMessage>(
        &self,
        conversation: &ConversationId,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, T>, Refusal> {
        let sight = self.sight(conversation).await?;
        if sight.interval().is_err() || seqs.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.reads.rows.by_user(conversation, self.viewer, seqs).await
    }
}
