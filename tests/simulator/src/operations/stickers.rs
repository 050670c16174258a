//! Packs of stickers: a few of each user, so that requests meet; and those of others among one's own.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use schemas::operations::{
    AddSticker, AddStickerPack, CreateStickerPack, DeleteStickerPack, MarkStickerPack, RemoveSticker,
    RemoveStickerPack,
};
use schemas::rows::{StickerPack, StickerPacks};
use schemas::stickers::{ChosenSticker, Sticker};
use schemas::tables::stickers::{PackPlace, StickerPackRow};
use schemas::tables::{PUBLIC_STICKER_PACKS, STICKER_PACKS, Value};
use schemas::{AccountRequest, ClientId, PackId, UserId};

use super::{Simulated, uploading};
use crate::check::{self, Rest};
use crate::clients::{Clients, ids};
use crate::tables::QUORUMS;
use crate::world::State;

/// Some pack of a user, as ingest derives its id.
fn pack(state: &mut State, user: &UserId) -> PackId {
    ids().packed(user, &ClientId::from_bytes([state.random.random_range(0..3); 16]))
}

/// Some pack of a user as ingest reads it.
fn standing(state: &mut State, user: &UserId) -> Option<(PackId, StickerPack)> {
    let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
    let account = check::account(state, user, quorum).ok()?;
    let packs: Vec<(PackId, StickerPack)> =
        account.all::<StickerPack>().map(|(id, pack)| (id, pack.clone())).collect();
    let nth = state.random.random_range(0..packs.len().max(1));
    packs.into_iter().nth(nth).filter(|(_, pack)| pack.deleted_at.is_none())
}

/// Some sticker, as ingest reads it.
pub fn chosen(clients: &Clients, state: &mut State) -> Option<ChosenSticker> {
    let creator = clients.user(state);
    let (pack, standing) = standing(state, &creator)?;
    let nth = state.random.random_range(0..standing.stickers.len().max(1));
    let found = standing.stickers.into_iter().nth(nth)?;
    Some(ChosenSticker { pack, attachment: found.file.attachment.clone(), found: Some(found) })
}

/// Each pack of each account.
fn kept<'a>(rest: &'a Rest<'_>) -> impl Iterator<Item = (&'a UserId, PackId, &'a StickerPack)> {
    rest.accounts.iter().flat_map(|(user, account)| {
        account.stored.all::<StickerPack>().map(move |(id, pack)| (user, id, pack))
    })
}

fn packs(rest: &Rest<'_>, user: &UserId) -> StickerPacks {
    let account = rest.accounts.get(user);
    account.and_then(|account| account.stored.get::<StickerPacks>(&())).cloned().unwrap_or_default()
}

impl Simulated for CreateStickerPack {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let name = ["Leg day", "Gym"][state.random.random_range(0..2)].to_owned();
        let is_public = state.chance(0.8);
        let pack = pack(state, &user);
        clients.own(state, &user, Self { pack, name, is_public });
    }

    /// A pack is as a request named it; the account has those that are not deleted, and readers see each as it is.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let mut own: BTreeMap<&UserId, BTreeSet<PackId>> = BTreeMap::new();
        for (user, id, pack) in kept(rest) {
            let is_first = |request: &AccountRequest| match request {
                AccountRequest::CreateStickerPack(asked) => {
                    asked.pack == id && asked.name == pack.name && asked.is_public == pack.is_public
                }
                _ => false,
            };
            if pack.creator != *user || !rest.asked(user).iter().any(is_first) {
                return Err(format!("nobody asked for the pack {id} of {user}: {pack:?}"));
            }
            let partition = (STICKER_PACKS.name, StickerPackRow::partition(&id));
            let rows = rest.state.replicas.get(rest.quorum(), &partition, &[vec![]]);
            let read = rows.first().and_then(|row| StickerPackRow::from_row(&row.columns).ok());
            if read.as_ref() != Some(pack) {
                return Err(format!("readers see {read:?}, not {pack:?}"));
            }
            if pack.deleted_at.is_none() {
                own.entry(user).or_default().insert(id);
            }
        }
        for user in rest.accounts.keys() {
            let listed: BTreeSet<PackId> = packs(rest, user).own.into_iter().collect();
            let standing = own.remove(user).unwrap_or_default();
            if listed != standing {
                return Err(format!("{user} has the packs {listed:?}, not {standing:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for AddSticker {
    const WEIGHT: u32 = 4;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let (pack, attachment) = (pack(state, &user), uploading::attachment(state, &user));
        let name = ["one", "two"][state.random.random_range(0..2)].to_owned();
        let shortcode = state.chance(0.5).then(|| ":one:".to_owned());
        clients.own(state, &user, Self { pack, attachment, name, shortcode });
    }

    /// A sticker is as a request named it, its image stands in its pack once, and so does its shortcode.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, id, pack) in kept(rest) {
            let asked = rest.asked(user);
            for sticker in &pack.stickers {
                let is_asked = asked.iter().any(|request| match request {
                    AccountRequest::AddSticker(add) => {
                        add.pack == id
                            && add.attachment == sticker.file.attachment
                            && (&add.name, &add.shortcode) == (&sticker.name, &sticker.shortcode)
                    }
                    _ => false,
                });
                let same = |other: &&Sticker| {
                    other.file.attachment == sticker.file.attachment
                        || (sticker.shortcode.is_some() && other.shortcode == sticker.shortcode)
                };
                if !is_asked || pack.stickers.iter().filter(same).count() != 1 {
                    return Err(format!("{sticker:?} of {id} was asked for: {is_asked}; {pack:?}"));
                }
            }
        }
        Ok(())
    }
}

/// The last request of an account that is about a sticker: whether it takes it out.
fn is_taken_out(asked: &[AccountRequest], id: &PackId, sticker: &schemas::AttachmentId) -> bool {
    let about = asked.iter().rev().find_map(|request| match request {
        AccountRequest::AddSticker(add) => (add.pack == *id && add.attachment == *sticker).then_some(false),
        AccountRequest::RemoveSticker(out) => (out.pack == *id && out.attachment == *sticker).then_some(true),
        AccountRequest::DeleteStickerPack(out) => {
            (out.pack == *id && out.attachments.contains(sticker)).then_some(true)
        }
        _ => None,
    });
    about.unwrap_or(false)
}

impl Simulated for RemoveSticker {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let (pack, attachment) = (pack(state, &user), uploading::attachment(state, &user));
        clients.own(state, &user, Self { pack, attachment });
    }

    /// What was taken out last is not there.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, id, pack) in kept(rest) {
            let asked = rest.asked(user);
            let out = pack.stickers.iter().find(|one| is_taken_out(&asked, &id, &one.file.attachment));
            if let Some(out) = out {
                return Err(format!("{out:?} was taken out of {id} of {user}"));
            }
        }
        Ok(())
    }
}

impl Simulated for DeleteStickerPack {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let Some((id, pack)) = standing(state, &user) else { return };
        clients.own(state, &user, Self::of(id, &pack.stickers));
    }

    /// A deleted pack is empty, and somebody asked for its end.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, id, pack) in kept(rest).filter(|(_, _, pack)| pack.deleted_at.is_some()) {
            let is_end = |request: &AccountRequest| match request {
                AccountRequest::DeleteStickerPack(asked) => asked.pack == id,
                _ => false,
            };
            if !pack.stickers.is_empty() || !rest.asked(user).iter().any(is_end) {
                return Err(format!("{id} of {user} is deleted: {pack:?}"));
            }
        }
        Ok(())
    }
}

/// The packs of others that an account has as its requests are answered last: of some a limit decides.
fn is_added(asked: &[AccountRequest], id: &PackId) -> Option<bool> {
    asked.iter().rev().find_map(|request| match request {
        AccountRequest::AddStickerPack(add) => (add.pack == *id).then_some(true),
        AccountRequest::RemoveStickerPack(out) => (out.pack == *id).then_some(false),
        _ => None,
    })
}

impl Simulated for AddStickerPack {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, other) = (clients.user(state), clients.user(state));
        let (added, gone) = (pack(state, &other), pack(state, &other));
        let gone = if state.chance(0.3) && gone != added { vec![gone] } else { vec![] };
        clients.own(state, &user, Self { pack: added, gone });
    }

    /// A pack that an account has added was asked for, and stands in its list once.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for user in rest.accounts.keys() {
            let (asked, packs) = (rest.asked(user), packs(rest, user));
            let all: BTreeSet<&PackId> = packs.added.iter().collect();
            let is_wanted = |id: &PackId| is_added(&asked, id).is_some();
            if all.len() != packs.added.len() || !packs.added.iter().all(is_wanted) {
                return Err(format!("{user} has added {packs:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for RemoveStickerPack {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, other) = (clients.user(state), clients.user(state));
        let pack = pack(state, &other);
        clients.own(state, &user, Self { pack });
    }

    /// What was removed last is not among the added ones.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for user in rest.accounts.keys() {
            let asked = rest.asked(user);
            let added = packs(rest, user).added;
            if let Some(removed) = added.iter().find(|id| is_added(&asked, id) == Some(false)) {
                return Err(format!("{user} has removed {removed}"));
            }
        }
        Ok(())
    }
}

impl Simulated for MarkStickerPack {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let (pack, is_official) = (pack(state, &user), state.chance(0.6));
        clients.own(state, &user, Self { pack, is_official });
    }

    /// The shelves have the places of all packs, and no other.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let places = kept(rest).flat_map(|(_, id, pack)| domain::stickers::places(&id, pack));
        let wanted: BTreeSet<(Vec<Value>, Vec<Value>)> =
            places.map(|place: PackPlace| (place.shelf.partition(), place.key())).collect();
        let mut listed = BTreeSet::new();
        for partition in rest.state.replicas.partitions(&PUBLIC_STICKER_PACKS) {
            for (key, (_, columns)) in rest.state.replicas.merged(rest.quorum(), &partition) {
                if columns == [Value::Boolean(true)] {
                    listed.insert((partition.1.clone(), key));
                }
            }
        }
        if listed != wanted {
            return Err(format!("the shelves have {listed:?}, not {wanted:?}"));
        }
        Ok(())
    }
}
