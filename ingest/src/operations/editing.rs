//! Editing a message.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::editing::EditMessage;
use schemas::message::Content;

use super::caller;

#[derive(Default)]
pub struct Editing;

#[Object]
impl Editing {
    /// The sender's own, for 15 minutes and five times. An edit to the same text changes nothing.
    async fn edit_message(&self, ctx: &Context<'_>, message_id: ID, content: String) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.access.message(&id).await?);
        let text = domain::text::normalise(&content);
        caller.check_text(&text).await?;
        let mentions = caller.ingest.facts.mentions(&id.conversation, &text).await?;
        let (actor, content) = (caller.user().clone(), Content::plain(text));
        caller.run_in(&id.conversation, EditMessage { actor, message, content, mentions }).await?;
        Ok(caller.message(&id).await?)
    }
}
