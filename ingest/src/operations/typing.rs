//! Setting the typing status.
//!
//! Invariant: it needs no log. The answer means that this status was published to all nodes now or within the
//! last 2 s, or that no other user may see it.

use async_graphql::{Context, ID, Object};
use awareness::typing::Typing;
use domain::privacy::{self, Sign};
use graphql::Result;
use graphql::error::ephemeral_error;
use graphql::ids::parse_id;
use schemas::ConversationId;
use schemas::privacy::Audience;

use super::caller;

#[derive(Default)]
pub struct TypingStatus;

#[Object]
impl TypingStatus {
    /// Lasts for 5 s, and until the caller sends or leaves. Repeats within 2 s are answered and not published again.
    async fn set_typing_status(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        is_typing: bool,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let conversation: ConversationId = parse_id(&conversation_id)?;
        let sight = caller.access.visible(&conversation).await?;
        let is_shown = privacy::audience(Sign::Typing, &caller.access.privacy().await?) != Audience::NoOne;
        if is_shown && !caller.access.is_cut_off(&sight) {
            let by = caller.ingest.facts.profile(caller.user()).await?;
            let typing = Typing { conversation, by, is_typing };
            caller.access.reads.awareness.typing.publish(&typing).await.map_err(ephemeral_error)?;
        }
        Ok(true)
    }
}
