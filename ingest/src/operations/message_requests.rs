//! Message requests to the caller: accepting and declining.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::conversation::Conversation;
use schemas::message_requests::{AcceptRequest, DeclineRequest};

use super::caller;

#[derive(Default)]
pub struct MessageRequests;

#[Object]
impl MessageRequests {
    async fn accept_message_request(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&conversation_id).await?;
        caller.change_members(&id, AcceptRequest { user: caller.user().clone() }).await?;
        Ok(caller.conversation(&id).await?)
    }

    /// The conversation is gone for the caller; who asked is not told.
    async fn decline_message_request(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&conversation_id).await?;
        caller.change_members(&id, DeclineRequest { user: caller.user().clone() }).await?;
        Ok(true)
    }
}
