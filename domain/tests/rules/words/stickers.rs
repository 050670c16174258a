//! Packs of stickers, and the shelves that list them, in words.

use schemas::PackId;
use schemas::stickers::{SentSticker, Sticker, StickerPack, StickerPacks};
use schemas::tables::stickers::{PackPlaceRow, Shelf, StickerPackRow};
use schemas::tables::views::ViewRow;
use schemas::tables::{STICKER_PACKS, Value};

/// `p` and the number that the id writes.
pub fn id(pack: &PackId) -> String {
    format!("p{}", pack.as_str().trim_start_matches('0'))
}

pub fn sticker(sticker: &Sticker) -> String {
    let file = super::files([&sticker.file.attachment]);
    let shortcode = sticker.shortcode.as_ref().map_or(String::new(), |code| format!(" {code}"));
    format!("{:?}{shortcode}{file}", sticker.name)
}

pub fn pack(pack: &StickerPack) -> String {
    let StickerPack { name, creator, created_at, .. } = pack;
    let public = if pack.is_public { "public" } else { "private" };
    let official = if pack.is_official { ", official" } else { "" };
    let deleted = pack.deleted_at.map_or(String::new(), |at| format!(", deleted at {at}"));
    let stickers: Vec<String> = pack.stickers.iter().map(sticker).collect();
    let stickers = stickers.join(", ");
    format!("{public} {name:?} of {creator} at {created_at}{official}{deleted} [{stickers}]")
}

pub fn packs(packs: &StickerPacks) -> String {
    let each = |packs: &[PackId]| packs.iter().map(id).collect::<Vec<_>>().join(" ");
    format!("packs: own [{}], added [{}]", each(&packs.own), each(&packs.added))
}

/// A row of the table of packs, or a place on a shelf.
pub fn view(of: &str, row: &ViewRow) -> String {
    if row.table.name == STICKER_PACKS.name {
        let read = StickerPackRow::from_row(&row.columns).unwrap();
        return format!("sticker_packs {}: {}", id(&of.parse().unwrap()), pack(&read));
    }
    let shelf = match of.split_once(' ') {
        Some(("named", initials)) => Shelf::Named(initials.to_owned()),
        Some((_, bucket)) => Shelf::Bucket(bucket.parse().unwrap()),
        None => Shelf::Official,
    };
    assert_eq!(shelf.partition(), [Value::text(of)]);
    let row = PackPlaceRow::from_row(&shelf, &row.key, &row.columns).unwrap();
    let listed = if row.is_listed { "listed" } else { "not listed" };
    format!("shelf {of}: {} at {:?} {listed}", id(&row.place.pack), row.place.place)
}

/// What a message says beside its image.
pub fn sent(sent: &SentSticker) -> String {
    let SentSticker { pack, name, shortcode } = sent;
    format!(" sticker {name:?} {} of {}", shortcode.as_deref().unwrap_or_default(), id(pack))
}
