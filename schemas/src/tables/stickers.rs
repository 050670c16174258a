//! Packs of stickers for readers: each by its id, and the public ones on shelves, by which they are listed and found.

use std::time::Duration;

use super::values::{FromValues, MalformedRow, Value};
use super::views::ViewRow;
use super::{PUBLIC_STICKER_PACKS, STICKER_PACKS};
use crate::avro;
use crate::ids::PackId;
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;
use crate::stickers::StickerPack;

/// The time of which one shelf has the new packs: 30 days.
pub const BUCKET_MS: LogTime = 30 * 24 * 60 * 60 * 1_000;
/// The bucket of the first packs that can be: 1 January 2026.
pub const FIRST_BUCKET: i64 = 1_767_225_600_000 / BUCKET_MS;

/// A pack as its creator's account has decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StickerPackRow {
    pub id: PackId,
    pub pack: StickerPack,
}

impl StickerPackRow {
    pub fn partition(id: &PackId) -> Vec<Value> {
        vec![Value::text(id.as_str())]
    }

    pub fn to_row(&self) -> ViewRow {
        ViewRow {
            table: &STICKER_PACKS,
            partition: Self::partition(&self.id),
            key: vec![],
            columns: vec![Value::blob(&avro::encode(&self.pack))],
            time_to_live: self.pack.expires_after_seconds().map(Duration::from_secs),
        }
    }

    pub fn from_row(columns: &[Value]) -> Result<StickerPack, MalformedRow> {
        let body = FromValues::new(STICKER_PACKS.name, columns).blob()?;
        avro::decode(body).map_err(|_| MalformedRow { table: STICKER_PACKS.name, column: 0 })
    }
}

/// Public packs that are read together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shelf {
    /// Official packs, by name.
    Official,
    /// Other packs that were made in the same 30 days, the newest first.
    Bucket(i64),
    /// Packs with a word that begins by these two characters, by the name from that word on.
    Named(String),
}

impl Shelf {
    fn name(&self) -> String {
        match self {
            Self::Official => "official".to_owned(),
            Self::Bucket(bucket) => format!("bucket {bucket}"),
            Self::Named(initials) => format!("named {initials}"),
        }
    }

    pub fn partition(&self) -> Vec<Value> {
        vec![Value::text(&self.name())]
    }
}

/// Where a pack stands on a shelf.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackPlace {
    pub shelf: Shelf,
    /// By which the shelf is sorted.
    pub place: String,
    pub pack: PackId,
}

impl PackPlace {
    pub fn key(&self) -> Vec<Value> {
        vec![Value::text(&self.place), Value::text(self.pack.as_str())]
    }
}

/// A pack on a shelf, or one that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackPlaceRow {
    pub place: PackPlace,
    pub is_listed: bool,
}

impl PackPlaceRow {
    pub fn to_row(&self) -> ViewRow {
        let Self { place, is_listed } = self;
        ViewRow {
            table: &PUBLIC_STICKER_PACKS,
            partition: place.shelf.partition(),
            key: place.key(),
            columns: vec![Value::Boolean(*is_listed)],
            time_to_live: (!is_listed).then_some(Duration::from_secs(TOMBSTONE_SECONDS)),
        }
    }

    pub fn from_row(shelf: &Shelf, key: &[Value], columns: &[Value]) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: PUBLIC_STICKER_PACKS.name, column };
        let mut key = FromValues::new(PUBLIC_STICKER_PACKS.name, key);
        let place = key.text()?.to_owned();
        let pack = key.text()?.parse().map_err(|_| malformed(1))?;
        let is_listed = FromValues::new(PUBLIC_STICKER_PACKS.name, columns).boolean()?;
        Ok(Self { place: PackPlace { shelf: shelf.clone(), place, pack }, is_listed })
    }
}
