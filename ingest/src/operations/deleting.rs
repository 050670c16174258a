//! Deleting a message.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::deleting::DeleteMessage;

use super::{caller, done};

#[derive(Default)]
pub struct Deleting;

#[Object]
impl Deleting {
    /// The sender's own at any time, anyone's by the owner of a group. A stub stays.
    async fn delete_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let caller = caller(ctx)?;
        let MessageId { conversation, seq } = parse_id(&message_id)?;
        let sight = caller.access.visible(&conversation).await?;
        let message = caller.access.reads.message(&sight, seq).await?;
        // The conversation sets the time.
        let delete = DeleteMessage { actor: caller.user().clone(), message: Box::new(message.removed(0)) };
        caller.run_in(&conversation, delete).await?;
        let stored = caller.ingest.rows.message(&conversation, seq).await.map_err(done)?;
        let stored = stored.ok_or_else(|| internal(&"a deleted message has no row"))?;
        Ok(Message::read(&conversation, stored))
    }
}
