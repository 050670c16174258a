//! Receipts: how far the caller has read.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use schemas::receipts::MarkRead;
use schemas::{ConversationId, MessageId, Refusal};

use super::caller;

#[derive(Default)]
pub struct Receipts;

#[Object]
impl Receipts {
    async fn mark_read(&self, ctx: &Context<'_>, conversation_id: ID, up_to_message_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let MessageId { conversation, seq } = parse_id(&up_to_message_id)?;
        if conversation != parse_id::<ConversationId>(&conversation_id)? {
            return Err(Refusal::bad_input("upToMessageId", "a message of another conversation").into());
        }
        caller.access.visible(&conversation).await?;
        let read = MarkRead { user: caller.user().clone(), up_to: seq };
        caller.run_in(&conversation, read).await?;
        Ok(true)
    }
}
