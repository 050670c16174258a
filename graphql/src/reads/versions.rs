//! The versions of a message's text, which no membership limits.

use schemas::MessageId;
use schemas::code::Refusal;
use schemas::message::Body;
use schemas::position::LogTime;

use super::Reads;
use crate::auth::Moderation;

impl Reads {
    /// The texts that a message has had, with the time of each, oldest first; none of a deleted or hidden
    /// message.
    pub async fn versions(&self, _: Moderation, id: &MessageId) -> Result<Vec<(String, LogTime)>, Refusal> {
        let MessageId { conversation, seq } = id;
        // Read before the replaced texts, which are then at least as many as it counts.
        let edits = self.rows.edits(conversation, *seq).await?;
        let message = self.rows.message(conversation, *seq).await?.ok_or_else(Refusal::not_found)?;
        let text = match message.core.body {
            Body::Text(text) => text.content,
            Body::Poll(poll) => poll.question,
            Body::Note(_) | Body::Removed(_) => return Ok(vec![]),
        };
        let Some(edits) = edits else { return Ok(vec![(text.text, message.core.sent_at)]) };
        let count = edits.charges.len();
        let replaced = self.rows.replaced(conversation, *seq).await?;
        let (mut versions, mut at) = (Vec::with_capacity(count + 1), message.core.sent_at);
        for text in replaced.into_iter().take(count) {
            // Erased since: the message is being deleted.
            let Some(content) = text.content else { return Ok(vec![]) };
            versions.push((content.text, at));
            at = text.at;
        }
        versions.extend(edits.content.map(|content| (content.text, at)));
        Ok(versions)
    }
}
