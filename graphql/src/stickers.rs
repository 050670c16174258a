//! Packs of stickers, and the stickers of packs and messages.

use async_graphql::{Context, ID, Object, SimpleObject};
use schemas::stickers::Sticker as Kept;
use schemas::tables::stickers::{PackPlace, Shelf};
use schemas::{PackId, StickerId};
use serde::{Deserialize, Serialize};

use crate::ids::parse_id;
use crate::paging::{self, PageInfo};
use crate::people::user::User;
use crate::{Result, access, attachment, reads, viewer};

pub struct StickerPack {
    id: PackId,
    pack: schemas::stickers::StickerPack,
}

impl StickerPack {
    pub fn new(id: PackId, pack: schemas::stickers::StickerPack) -> Self {
        Self { id, pack }
    }
}

#[Object]
impl StickerPack {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    async fn name(&self) -> &str {
        &self.pack.name
    }

    async fn creator(&self) -> Option<User> {
        Some(User::named(self.pack.creator.clone()))
    }

    /// marked by admins of the service
    async fn is_official(&self) -> bool {
        self.pack.is_official
    }

    /// Everybody finds and adds a public pack; another is its creator's alone.
    async fn is_public(&self) -> bool {
        self.pack.is_public
    }

    /// at most 120, the oldest first
    async fn stickers(&self) -> Vec<Sticker> {
        self.pack.stickers.iter().map(|sticker| Sticker::of(&self.id, sticker.clone())).collect()
    }
}

/// A sticker as its pack has it, or as it was when it was sent.
pub struct Sticker {
    id: StickerId,
    sticker: Kept,
}

impl Sticker {
    pub fn of(pack: &PackId, sticker: Kept) -> Self {
        let id = StickerId { pack: pack.clone(), attachment: sticker.file.attachment.clone() };
        Self { id, sticker }
    }
}

#[Object]
impl Sticker {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    async fn name(&self) -> &str {
        &self.sticker.name
    }

    /// Valid for at least half a day.
    async fn image_url(&self, ctx: &Context<'_>) -> Result<String> {
        let file = &self.sticker.file;
        attachment::whole(ctx, &file.attachment, &file.file_name, &file.file.content_type)
    }

    /// such as `:muscle:`, unique in its pack
    async fn emoji_shortcode(&self) -> Option<&str> {
        self.sticker.shortcode.as_deref()
    }
}

#[derive(SimpleObject)]
pub struct StickerPackConnection {
    nodes: Vec<StickerPack>,
    page_info: PageInfo,
}

/// A place on a shelf, as a cursor holds it; the official shelf and that of a query have no bucket.
#[derive(Debug, Serialize, Deserialize)]
struct Position(Option<i64>, String, PackId);

impl Position {
    fn of(place: &PackPlace) -> Self {
        let bucket = match place.shelf {
            Shelf::Bucket(bucket) => Some(bucket),
            Shelf::Official | Shelf::Named(_) => None,
        };
        Self(bucket, place.place.clone(), place.pack.clone())
    }

    fn place(self, of_query: Option<Shelf>) -> PackPlace {
        let Self(bucket, place, pack) = self;
        let shelf = of_query.unwrap_or_else(|| bucket.map_or(Shelf::Official, Shelf::Bucket));
        PackPlace { shelf, place, pack }
    }
}

/// The public packs, the official ones first, then the newest; with a query those with a word that begins so.
pub async fn public(
    ctx: &Context<'_>,
    query: Option<&str>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<StickerPackConnection> {
    viewer(ctx)?;
    let query = domain::stickers::query("query", query.unwrap_or_default())?;
    let size = paging::size("first", first)?;
    let of_query = query.as_ref().map(domain::stickers::PackQuery::shelf);
    let after = paging::position::<Position>("after", after)?.map(|after| after.place(of_query));
    let page = reads(ctx)?.public_sticker_packs(query.as_ref(), after.as_ref(), size).await?;
    let cursor = |place: &PackPlace| paging::cursor(&Position::of(place));
    let last = page.packs.last().map(|(place, _)| place);
    let page_info = PageInfo {
        has_next_page: page.more_behind.is_some(),
        has_previous_page: after.is_some(),
        start_cursor: page.packs.first().map(|(place, _)| cursor(place)),
        // A page that is short of what was looked at goes on behind the look.
        end_cursor: page.more_behind.as_ref().or(last).map(cursor),
    };
    let nodes = page.packs.into_iter().map(|(place, pack)| StickerPack::new(place.pack, pack));
    Ok(StickerPackConnection { nodes: nodes.collect(), page_info })
}

#[derive(Default)]
pub struct StickerQueries;

#[Object]
impl StickerQueries {
    /// Public packs that have a sticker: the official ones first, then the newest. With a query of at least two
    /// characters those of whose names a word begins so, in the order of the names from that word on.
    async fn sticker_packs(
        &self,
        ctx: &Context<'_>,
        query: Option<String>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<StickerPackConnection> {
        public(ctx, query.as_deref(), first, after.as_deref()).await
    }

    /// The packs that the viewer has made, then those that they have added.
    async fn my_sticker_packs(&self, ctx: &Context<'_>) -> Result<Vec<StickerPack>> {
        let packs = access(ctx)?.sticker_packs().await?;
        Ok(packs.into_iter().map(|(id, pack)| StickerPack::new(id, pack)).collect())
    }

    /// One of the viewer's own, or a public one.
    async fn sticker_pack(&self, ctx: &Context<'_>, id: ID) -> Result<Option<StickerPack>> {
        let id: PackId = parse_id(&id)?;
        let pack = access(ctx)?.sticker_pack(&id).await?;
        Ok(pack.map(|pack| StickerPack::new(id, pack)))
    }
}
