//! Pinning messages.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::MessageId;
use schemas::operations::{PinMessage, UnpinMessage};

use super::caller;

#[derive(Default)]
pub struct Pinning;

#[Object]
impl Pinning {
    /// By the owner and moderators of a group, by either of two. Pinning it again changes nothing.
    async fn pin_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.access.message(&id).await?);
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        caller.run_in(&id.conversation, PinMessage { actor, message }).await?;
        Ok(caller.message(&id).await?)
    }

    /// Allowed for the users who may pin. No effect on a message that is not pinned.
    async fn unpin_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let message = Box::new(caller.access.message(&id).await?);
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        caller.run_in(&id.conversation, UnpinMessage { actor, message }).await?;
        Ok(caller.message(&id).await?)
    }
}
