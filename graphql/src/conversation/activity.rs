//! What is new in a conversation.
//!
//! Invariant: only what the viewer sees is new; `lastSeq` alone is the number of the newest message of all.

use async_graphql::{Context, Object};

use super::Conversation;
use crate::Result;
use crate::message::{Message, pins};
use crate::scalars::DateTime;

/// Fields of a conversation about what is new in it.
pub struct Activity<'a>(pub &'a Conversation);

#[Object]
impl Activity<'_> {
    /// The newest that the viewer sees.
    async fn last_message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(None) };
        let newest = access.newest(&sight).await?;
        Ok(newest.map(|message| Message::read(sight.id(), message)))
    }

    /// Time of the newest message that the viewer sees.
    async fn last_message_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(None) };
        Ok(access.newest_place(&sight).await?.map(|newest| DateTime(newest.at)))
    }

    /// in the order in which they were pinned
    async fn pinned_messages(&self, ctx: &Context<'_>) -> Result<Vec<Message>> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(vec![]) };
        pins::pinned(&access, &sight).await
    }

    async fn last_seq(&self, ctx: &Context<'_>) -> Result<i64> {
        let (_, sight) = self.0.sight(ctx).await?;
        Ok(sight.map_or(0, |sight| sight.state().head))
    }

    /// Counted exactly up to 99; 100 means more.
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(0) };
        Ok(access.unread(&sight).await?)
    }

    /// Unread messages that mention the viewer, among the newest 1,000 unread; 100 means more.
    async fn unread_mention_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(0) };
        Ok(access.unread_mentions(&sight).await?)
    }
}
