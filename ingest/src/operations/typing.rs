//! Who types.
//!
//! Invariant: it needs no log; the answer says that all nodes were told, or were told the same a moment ago.

use async_graphql::{Context, ID, Object};
use awareness::typing::Typing;
use domain::privacy;
use graphql::Result;
use graphql::error::ephemeral_error;
use graphql::ids::parse_id;
use graphql::reads::ConversationSight;
use schemas::ConversationId;

use super::{Caller, caller};

#[derive(Default)]
pub struct TypingStatus;

#[Object]
impl TypingStatus {
    /// Lasts for 5 s, and until the caller sends or leaves. Repeats within 2 s are answered and not told again.
    async fn set_typing_status(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        is_typing: bool,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let conversation: ConversationId = parse_id(&conversation_id)?;
        let sight = caller.access.visible(&conversation).await?;
        let is_shown = privacy::publishes_typing(&caller.access.privacy().await?);
        if is_shown && !caller.is_alone(&sight) {
            let by = caller.ingest.facts.profile(caller.user()).await?;
            let typing = Typing { conversation, by, is_typing };
            caller.access.reads.awareness.typing.publish(&typing).await.map_err(ephemeral_error)?;
        }
        Ok(true)
    }
}

impl Caller<'_> {
    /// Whether a block leaves nobody who would see what the caller does.
    fn is_alone(&self, sight: &ConversationSight) -> bool {
        sight.is_direct() && sight.blocks().standing().any(|other| self.access.is_with(sight, other))
    }
}
