//! Editing a message.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::editing::EditMessage;
use schemas::message::Content;

use super::{caller, done};

#[derive(Default)]
pub struct Editing;

#[Object]
impl Editing {
    /// The sender's own, for 15 minutes and five times. An edit to the same text changes nothing.
    async fn edit_message(&self, ctx: &Context<'_>, message_id: ID, content: String) -> Result<Message> {
        let caller = caller(ctx)?;
        let MessageId { conversation, seq } = parse_id(&message_id)?;
        let sight = caller.access.visible(&conversation).await?;
        let message = Box::new(caller.access.reads.message(&sight, seq).await?);
        let text = domain::text::normalise(&content);
        let mentions = caller.ingest.facts.mentions(&conversation, &text).await?;
        let (actor, content) = (caller.user().clone(), Content::plain(text));
        caller.run_in(&conversation, EditMessage { actor, message, content, mentions }).await?;
        let stored = caller.ingest.rows.message(&conversation, seq).await.map_err(done)?;
        let stored = stored.ok_or_else(|| internal(&"an edited message has no row"))?;
        Ok(Message::read(&conversation, stored))
    }
}
