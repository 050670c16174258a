//! Pinned messages that a viewer sees.

use domain::access::Seen;
use schemas::code::Refusal;

use super::{Access, ConversationSight};
use crate::rows::Written;

impl Access<'_> {
    /// The pinned messages of a conversation, in the order in which they were pinned.
    pub async fn pinned(&self, sight: &ConversationSight) -> Result<Vec<Written>, Refusal> {
        sight.interval()?;
        let seqs: Vec<i64> = sight.state().pins.iter().map(|pin| pin.seq).collect();
        let mut messages = self.reads.rows.numbered(sight.id(), &seqs).await?;
        // The state may be older or newer than the rows.
        messages.retain(|written| {
            sight.sight().sees(Seen::message(&written.core)) && written.aspects.pin.is_some()
        });
        messages.sort_by_key(|written| seqs.iter().position(|seq| *seq == written.core.seq));
        Ok(messages)
    }
}
