//! Packs of stickers in random runs: two own packs, three files, two packs of others.

use std::collections::{BTreeMap, BTreeSet};

use musclemap_domain::Accounts;
use proptest::prelude::*;
use schemas::operations::{
    AddSticker, AddStickerPack, CreateStickerPack, DeleteStickerPack, MarkStickerPack, RemoveSticker,
    RemoveStickerPack,
};
use schemas::record::Envelope;
use schemas::rows::{StickerPack, StickerPacks};
use schemas::tables::{PUBLIC_STICKER_PACKS, STICKER_PACKS, Value};

use super::account::{ann, step};
use super::cases;
use super::generators::{Draw, Generated, Run, steps};
use crate::names::{asked, attachment};
use crate::stickers::{adding, making, pack};

fn own(draw: &mut Draw<'_>) -> u8 {
    draw.from(1, 3) as u8
}

fn file(draw: &mut Draw<'_>) -> u8 {
    draw.from(1, 4) as u8
}

impl Generated<Accounts> for CreateStickerPack {
    const WEIGHT: u32 = 3;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), making(own(draw), draw.of(&["Leg day", "Gym"]), draw.below(4) > 0)))
    }
}

impl Generated<Accounts> for AddSticker {
    const WEIGHT: u32 = 4;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let code = [None, Some(":one:"), Some(":two:")][draw.below(3)];
        Some((asked(), adding(own(draw), file(draw), draw.of(&["one", "two"]), code)))
    }
}

impl Generated<Accounts> for RemoveSticker {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { pack: pack(own(draw)), attachment: attachment(file(draw)) }))
    }
}

impl Generated<Accounts> for DeleteStickerPack {
    const WEIGHT: u32 = 2;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let id = pack(own(draw));
        let stickers = run.harness.row::<StickerPack>(&id).map_or(&[][..], |pack| &pack.stickers);
        let stickers = if draw.coin() { stickers } else { &stickers[..stickers.len().min(1)] };
        Some((asked(), Self::of(id, stickers)))
    }
}

impl Generated<Accounts> for AddStickerPack {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let gone = if draw.coin() { vec![pack(draw.from(8, 10) as u8)] } else { vec![] };
        Some((asked(), Self { pack: pack(draw.from(6, 10) as u8), gone }))
    }
}

impl Generated<Accounts> for RemoveStickerPack {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { pack: pack(draw.from(6, 10) as u8) }))
    }
}

impl Generated<Accounts> for MarkStickerPack {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { pack: pack(own(draw)), is_official: draw.coin() }))
    }
}

proptest! {
    #![proptest_config(cases(200))]

    /// Readers find what the account has: each pack as its row is, and on the shelves those that are public, have a
    /// sticker and are not deleted.
    #[test]
    fn readers_see_the_packs_of_the_account_on_the_shelves_that_they_belong_to(steps in steps(80)) {
        let mut run = ann();
        let (mut read, mut shelves) = (BTreeMap::new(), BTreeSet::new());
        for next in &steps {
            let Some(decided) = step(&mut run, next) else { continue };
            for view in decided.decision.views.iter().map(|view| view.to_row()) {
                if view.table.name == STICKER_PACKS.name {
                    read.insert(view.partition.clone(), view.columns.clone());
                } else if view.table.name == PUBLIC_STICKER_PACKS.name {
                    let place = (view.partition.clone(), view.key.clone());
                    let is_listed = view.columns == [Value::Boolean(true)];
                    let moves = if is_listed { shelves.insert(place) } else { shelves.remove(&place) };
                    prop_assert!(moves, "a place is told again");
                }
            }
        }
        let mut kept = BTreeMap::new();
        let (mut own, mut wanted) = (BTreeSet::new(), BTreeSet::new());
        for (id, row) in run.harness.all::<StickerPack>() {
            kept.insert(vec![Value::text(id.as_str())], vec![Value::blob(&schemas::avro::encode(row))]);
            let places = musclemap_domain::stickers::places(&id, row);
            prop_assert_eq!(
                places.is_empty(),
                !row.is_public || row.stickers.is_empty() || row.deleted_at.is_some()
            );
            wanted.extend(places.iter().map(|place| (place.shelf.partition(), place.key())));
            if row.deleted_at.is_none() {
                own.insert(id);
            }
        }
        prop_assert_eq!((read, shelves), (kept, wanted));
        let packs = run.harness.row::<StickerPacks>(&()).cloned().unwrap_or_default();
        prop_assert_eq!(packs.own.iter().cloned().collect::<BTreeSet<_>>(), own);
        prop_assert_eq!(packs.own.len() + packs.added.len(), {
            let all: BTreeSet<_> = packs.own.iter().chain(&packs.added).collect();
            all.len()
        });
    }
}
