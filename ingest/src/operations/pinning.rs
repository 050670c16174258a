//! Pinning messages.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::operations::{ConversationRequest, PinMessage, UnpinMessage};
use schemas::people::Profile;
use schemas::{MessageId, Refusal};

use super::{Caller, caller};

#[derive(Default)]
pub struct Pinning;

#[Object]
impl Pinning {
    /// By the owner and moderators of a group, by either of two. Pinning it again changes nothing.
    async fn pin_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        Ok(caller(ctx)?.set_pin(&message_id, |actor, message| PinMessage { actor, message }).await?)
    }

    /// Allowed for the users who may pin. No effect on a message that is not pinned.
    async fn unpin_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        Ok(caller(ctx)?.set_pin(&message_id, |actor, message| UnpinMessage { actor, message }).await?)
    }
}

impl Caller<'_> {
    /// Runs a request about a message that the caller sees, and gives the message as it is then.
    async fn set_pin<R: Into<ConversationRequest>>(
        &self,
        message: &ID,
        request: impl FnOnce(Profile, Box<schemas::message::Message>) -> R,
    ) -> Result<Message, Refusal> {
        let id: MessageId = parse_id(message)?;
        let message = Box::new(self.access.message(&id).await?);
        let actor = self.ingest.facts.profile(self.user()).await?;
        self.run_in(&id.conversation, request(actor, message)).await?;
        self.message(&id).await
    }
}
