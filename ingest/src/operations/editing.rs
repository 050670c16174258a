//! Editing a message.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::editing::{EditMessage, SubmitEdit};
use schemas::message::Content;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Editing;

#[Object]
impl Editing {
    /// The sender's own, for 15 minutes and five times; ten edits an hour. An edit to the same text changes and
    /// counts nothing.
    async fn edit_message(&self, ctx: &Context<'_>, message_id: ID, content: String) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.access.message(&id).await?);
        let text = domain::text::normalise(&content);
        caller.check_text(&text).await?;
        let mentions = caller.ingest.facts.mentions(&id.conversation, &text).await?;
        let (actor, content) = (caller.user().clone(), Content::plain(text));
        let edit = EditMessage { actor, message, content, mentions };
        caller.run(RequestKind::Counted, SubmitEdit { conversation: id.conversation.clone(), edit }).await?;
        Ok(caller.message(&id).await?)
    }
}
