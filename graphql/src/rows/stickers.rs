//! Rows of packs of stickers, and the shelves that list the public ones.

use platform::ports::{Range, Row};
use schemas::rows::StickerPacks;
use schemas::stickers::StickerPack;
use schemas::tables::stickers::{PackPlace, PackPlaceRow, Shelf, StickerPackRow};
use schemas::tables::{PUBLIC_STICKER_PACKS, STICKER_PACKS, Value};
use schemas::{PackId, Refusal, UserId};

use super::{Rows, malformed};
use crate::error::tables_error;

/// Places of a shelf, in order, from one look.
#[derive(Debug)]
pub struct Shelved {
    pub places: Vec<PackPlace>,
    /// The place up to which the look reached, if there may be more behind it.
    pub reached: Option<PackPlace>,
}

impl Rows {
    /// A pack that is not deleted, if there is one.
    pub async fn sticker_pack(&self, id: &PackId) -> Result<Option<StickerPack>, Refusal> {
        let partition = StickerPackRow::partition(id);
        let rows = self.tables.get(&STICKER_PACKS, &partition, &[vec![]]).await.map_err(tables_error)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let pack = StickerPackRow::from_row(&row.columns).map_err(malformed)?;
        Ok(Some(pack).filter(|pack| pack.deleted_at.is_none()))
    }

    /// The packs that a user has made and added.
    pub async fn sticker_packs(&self, user: &UserId) -> Result<StickerPacks, Refusal> {
        Ok(self.account_value::<StickerPacks>(user, &()).await?.unwrap_or_default())
    }

    /// The first `most` places of a shelf behind a place, between two bounds; at most `looked` rows are looked at.
    pub async fn shelved(
        &self,
        shelf: &Shelf,
        bounds: Option<&(String, String)>,
        after: Option<&PackPlace>,
        (most, looked): (usize, usize),
    ) -> Result<Shelved, Refusal> {
        let bound = |text: Option<&String>| text.map(|text| vec![Value::text(text)]).unwrap_or_default();
        let range = Range {
            from: bound(bounds.map(|(from, _)| from)),
            to: bound(bounds.map(|(_, to)| to)),
            limit: looked,
            after: after.filter(|after| after.shelf == *shelf).map(PackPlace::key),
            ..Range::default()
        };
        let page = self.tables.range(&PUBLIC_STICKER_PACKS, &shelf.partition(), range).await;
        let page = page.map_err(tables_error)?;
        let read = |row: &Row| PackPlaceRow::from_row(shelf, &row.key, &row.columns).map_err(malformed);
        let rows = page.rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let last = rows.last().map(|row| row.place.clone()).filter(|_| page.next.is_some());
        let listed = rows.into_iter().filter(|row| row.is_listed).map(|row| row.place);
        let places: Vec<PackPlace> = listed.take(most).collect();
        let is_full = places.len() == most;
        let reached = if is_full { places.last().cloned() } else { last };
        Ok(Shelved { places, reached })
    }
}
