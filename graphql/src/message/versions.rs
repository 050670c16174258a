//! The texts that a message has had, for moderators of the service.

use async_graphql::{Context, ID, SimpleObject};

use crate::ids::parse_id;
use crate::scalars::DateTime;
use crate::{Result, reads, viewer};

#[derive(SimpleObject)]
pub struct MessageVersion {
    content: String,
    /// When the message got this text.
    at: DateTime,
}

/// Oldest first; none of a deleted or hidden message.
pub async fn versions(ctx: &Context<'_>, id: &ID) -> Result<Vec<MessageVersion>> {
    let right = viewer(ctx)?.roles.moderation()?;
    let versions = reads(ctx)?.versions(right, &parse_id(id)?).await?;
    let shown = |(content, at)| MessageVersion { content, at: DateTime(at) };
    Ok(versions.into_iter().map(shown).collect())
}
