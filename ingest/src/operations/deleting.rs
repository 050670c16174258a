//! Deleting a message.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::deleting::DeleteMessage;

use super::caller;

#[derive(Default)]
pub struct Deleting;

#[Object]
impl Deleting {
    /// The sender's own at any time, anyone's by the owner and moderators of a group. A stub stays.
    async fn delete_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = caller.access.message(&id).await?;
        // The conversation sets the time.
        let delete = DeleteMessage { actor: caller.user().clone(), message: Box::new(message.removed(0)) };
        caller.run_in(&id.conversation, delete).await?;
        Ok(caller.message(&id).await?)
    }
}
