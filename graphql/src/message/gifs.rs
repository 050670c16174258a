//! GIFs: found at a provider, and carried by messages.
//!
//! Invariant: clients get images from here, so that no provider learns who looks at what.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use gifs::{Asked, Gifs};
use schemas::gifs::GifId;

use crate::error::internal;
use crate::ids::parse_id;
use crate::scalars::Locale;
use crate::{Result, reads};

/// An image that moves, as its provider gave it.
pub struct Gif(pub schemas::gifs::Gif);

#[Object]
impl Gif {
    async fn id(&self) -> ID {
        self.0.name().to_string().into()
    }

    async fn title(&self) -> &str {
        &self.0.title
    }

    /// served from here; valid for at least half a day
    async fn url(&self, ctx: &Context<'_>) -> Result<String> {
        let reads = reads(ctx)?;
        Ok(reads.links.gif(&self.0.url, reads.now()))
    }

    /// smaller; served from here, and valid for at least half a day
    async fn preview_url(&self, ctx: &Context<'_>) -> Result<String> {
        let reads = reads(ctx)?;
        Ok(reads.links.gif(&self.0.preview_url, reads.now()))
    }

    /// pixels
    async fn width(&self) -> i32 {
        self.0.width
    }

    /// pixels
    async fn height(&self) -> i32 {
        self.0.height
    }

    /// KLIPY, GIPHY or MUSCLEMAP; a client shows its mark
    async fn provider(&self) -> &'static str {
        self.0.source.as_str()
    }
}

/// What a query finds, under the rating of the policy.
pub async fn search(
    ctx: &Context<'_>,
    query: &str,
    limit: usize,
    after: Option<ID>,
    locale: Option<Locale>,
) -> Result<Vec<Gif>> {
    let gifs = ctx.data_opt::<Arc<Gifs>>().ok_or_else(|| internal(&"a schema without GIFs"))?;
    let after: Option<GifId> = after.as_ref().map(parse_id).transpose()?;
    let policy = reads(ctx)?.policy().await?;
    // Without a policy there are no features.
    let Some(policy) = policy else { return Ok(vec![]) };
    let locale = locale.map_or_else(|| "en".to_owned(), |locale| locale.0);
    let asked = Asked { query, locale: &locale, rating: policy.gifs.rating };
    Ok(gifs.search(&asked, limit, after.as_ref()).await?.into_iter().map(Gif).collect())
}
