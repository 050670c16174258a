//! What is left of the viewer's limits.

use async_graphql::{Context, SimpleObject};

use crate::scalars::DateTime;
use crate::{Result, access};

/// A limit of the viewer in a sliding window, counted over all devices and nodes.
#[derive(SimpleObject)]
pub struct RateLimit {
    /// As an error names it.
    name: &'static str,
    limit: i32,
    window_seconds: i64,
    /// How many more are accepted now.
    remaining: i32,
    /// When the next one that counts leaves the window; null if none counts.
    resets_at: Option<DateTime>,
}

/// As the machines count them. Without a policy nothing is accepted, and nothing is limited.
pub async fn rate_limits(ctx: &Context<'_>) -> Result<Vec<RateLimit>> {
    let left = access(ctx)?.limits().await?;
    let shown = left.into_iter().map(|one| RateLimit {
        name: one.name,
        limit: one.limit.count,
        window_seconds: one.limit.seconds,
        remaining: one.room.remaining,
        resets_at: one.room.frees_at.map(DateTime),
    });
    Ok(shown.collect())
}
