//! Where the text of a forwarded message comes from.
//!
//! Invariant: everyone sees whose text it is; of the conversation that it comes from, members alone learn.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schemas::MessageId;
use schemas::forwarding::Provenance;

use crate::people::user::User;
use crate::reads::ConversationSight;
use crate::{Result, access};

/// The message that was forwarded first.
pub struct ForwardAttribution(pub Provenance);

impl ForwardAttribution {
    /// The conversation that it comes from, for a viewer who is in it.
    async fn source(&self, ctx: &Context<'_>) -> Result<Option<Arc<ConversationSight>>> {
        let sight = access(ctx)?.sight(&self.0.conversation).await?;
        Ok(Some(sight).filter(|sight| sight.interval().is_ok()))
    }
}

#[Object]
impl ForwardAttribution {
    /// Null for a viewer who was no member when it was sent.
    async fn message_id(&self, ctx: &Context<'_>) -> Result<Option<ID>> {
        let Provenance { conversation, seq, .. } = &self.0;
        let source = self.source(ctx).await?.filter(|sight| sight.sight().reaches(*seq));
        Ok(source.map(|_| MessageId { conversation: conversation.clone(), seq: *seq }.to_string().into()))
    }

    /// Null for a viewer who is not in it, as is the title.
    async fn conversation_id(&self, ctx: &Context<'_>) -> Result<Option<ID>> {
        Ok(self.source(ctx).await?.map(|sight| sight.id().as_str().into()))
    }

    async fn conversation_title(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let source = self.source(ctx).await?;
        Ok(source.and_then(|sight| sight.opened()?.title.clone()))
    }

    async fn sender(&self) -> Option<User> {
        Some(User::of(self.0.sender.clone()))
    }
}
