//! How the viewer keeps a conversation among their own.
//!
//! Invariant: all of it is of the viewer alone.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use schemas::organizing::{self, Organized};

use super::Conversation;
use crate::scalars::DateTime;
use crate::{Result, access};

/// Fields of a conversation about how the viewer keeps it.
pub struct Kept<'a>(pub &'a Conversation);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "organizing::NotificationLevel")]
pub enum NotificationLevel {
    All,
    Mentions,
    None,
}

impl Kept<'_> {
    async fn organized(&self, ctx: &Context<'_>) -> Result<Arc<Organized>> {
        match &self.0.own.organized {
            Some(organized) => Ok(organized.clone()),
            None => Ok(access(ctx)?.organized(&self.0.id).await?),
        }
    }
}

#[Object]
impl Kept<'_> {
    /// Null once a message has brought it back.
    async fn archived_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(None) };
        let organized = self.organized(ctx).await?;
        Ok(access.archived_at(&sight, &organized).await?.map(DateTime))
    }

    async fn starred(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.organized(ctx).await?.starred)
    }

    async fn muted(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.organized(ctx).await?.is_muted(access(ctx)?.now()))
    }

    /// Null if it is not muted, or for good.
    async fn muted_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let organized = self.organized(ctx).await?;
        let has_end = organized.muted_until < Organized::FOR_GOOD;
        let is_shown = has_end && organized.is_muted(access(ctx)?.now());
        Ok(is_shown.then_some(DateTime(organized.muted_until)))
    }

    async fn notification_level(&self, ctx: &Context<'_>) -> Result<NotificationLevel> {
        Ok(self.organized(ctx).await?.level.into())
    }

    async fn labels(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.organized(ctx).await?.labels.clone())
    }

    async fn draft(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match &self.0.own.draft {
            Some(content) => Ok(Some(content.clone()).filter(|content| !content.is_empty())),
            None => Ok(access(ctx)?.draft(&self.0.id).await?),
        }
    }

    /// Set by markUnread, until the viewer reads or sends.
    async fn marked_unread(&self, ctx: &Context<'_>) -> Result<bool> {
        if let Some(marked) = self.0.own.marked_unread {
            return Ok(marked);
        }
        let (_, sight) = self.0.sight(ctx).await?;
        Ok(sight.is_some_and(|sight| sight.is_marked_unread()))
    }
}
