//! Packs of stickers that a viewer may see: their own, and every public one.
//!
//! Invariant: a page is in the order of the shelves; what a look did not reach is left to the next page.

use domain::stickers::PackQuery;
use futures::future::try_join_all;
use schemas::stickers::{Sticker, StickerPack};
use schemas::tables::stickers::{BUCKET_MS, FIRST_BUCKET, PackPlace, Shelf};
use schemas::{PackId, Refusal, StickerId};

use super::{Access, Reads};
use crate::paging::MAX_LOOKED;

/// Public packs in the order of their shelves.
pub struct PackPage {
    pub packs: Vec<(PackPlace, StickerPack)>,
    /// The place behind which there may be more.
    pub more_behind: Option<PackPlace>,
}

impl Access<'_> {
    /// A pack that the viewer may see, if there is one.
    pub async fn sticker_pack(&self, id: &PackId) -> Result<Option<StickerPack>, Refusal> {
        let pack = self.reads.rows.sticker_pack(id).await?;
        Ok(pack.filter(|pack| pack.is_shown_to(self.viewer)))
    }

    /// A sticker that the viewer may send, if there is one.
    pub async fn sticker(&self, id: &StickerId) -> Result<Option<Sticker>, Refusal> {
        let pack = self.sticker_pack(&id.pack).await?;
        Ok(pack.and_then(|pack| pack.sticker(&id.attachment).cloned()))
    }

    /// The packs that the viewer has made, then those that they have added, as far as these are there.
    pub async fn sticker_packs(&self) -> Result<Vec<(PackId, StickerPack)>, Refusal> {
        let packs = self.reads.rows.sticker_packs(self.viewer).await?;
        self.shown(packs.own.into_iter().chain(packs.added)).await
    }

    /// Packs that the viewer has added and that are deleted.
    pub async fn sticker_packs_gone(&self) -> Result<Vec<PackId>, Refusal> {
        let added = self.reads.rows.sticker_packs(self.viewer).await?.added;
        let there = self.shown(added.clone()).await?;
        Ok(added.into_iter().filter(|id| there.iter().all(|(shown, _)| shown != id)).collect())
    }

    /// How many packs of others the viewer has added.
    pub async fn sticker_packs_added(&self) -> Result<usize, Refusal> {
        Ok(self.reads.rows.sticker_packs(self.viewer).await?.added.len())
    }

    async fn shown(
        &self,
        ids: impl IntoIterator<Item = PackId>,
    ) -> Result<Vec<(PackId, StickerPack)>, Refusal> {
        let read = |id: PackId| async move { Ok::<_, Refusal>((self.sticker_pack(&id).await?, id)) };
        let read: Vec<(Option<StickerPack>, PackId)> = try_join_all(ids.into_iter().map(read)).await?;
        Ok(read.into_iter().filter_map(|(pack, id)| Some((id, pack?))).collect())
    }
}

impl Reads {
    /// The first `size` public packs behind a place; those with a word that begins so, or all of them.
    pub async fn public_sticker_packs(
        &self,
        query: Option<&PackQuery>,
        after: Option<&PackPlace>,
        size: usize,
    ) -> Result<PackPage, Refusal> {
        let (mut places, mut more_behind) = (vec![], None);
        let bounds = query.map(PackQuery::bounds);
        for shelf in self.shelves(query, after) {
            // One more says whether there is a next page.
            let most = size + 1 - places.len();
            let looked = self.rows.shelved(&shelf, bounds.as_ref(), after, (most, MAX_LOOKED)).await?;
            places.extend(looked.places);
            if places.len() > size {
                places.truncate(size);
                more_behind = places.last().cloned();
                break;
            }
            if looked.reached.is_some() {
                more_behind = looked.reached;
                break;
            }
        }
        let read = try_join_all(places.iter().map(|place| self.rows.sticker_pack(&place.pack))).await?;
        let is_found = |pack: &StickerPack, place: &PackPlace| {
            pack.is_public && query.is_none_or(|query| query.finds(pack, &place.place))
        };
        let packs = places.into_iter().zip(read).filter_map(|(place, pack)| Some((place, pack?)));
        let packs = packs.filter(|(place, pack)| is_found(pack, place)).collect();
        Ok(PackPage { packs, more_behind })
    }

    /// The shelves of a list from a place on: the official packs, then the others, the newest first.
    fn shelves(&self, query: Option<&PackQuery>, after: Option<&PackPlace>) -> Vec<Shelf> {
        if let Some(query) = query {
            return vec![query.shelf()];
        }
        let newest = self.now() / BUCKET_MS;
        let buckets = (FIRST_BUCKET..=newest).rev().map(Shelf::Bucket);
        let all = std::iter::once(Shelf::Official).chain(buckets);
        match after.map(|after| &after.shelf) {
            None | Some(Shelf::Official | Shelf::Named(_)) => all.collect(),
            Some(from @ Shelf::Bucket(_)) => all.skip_while(|shelf| shelf != from).collect(),
        }
    }
}
