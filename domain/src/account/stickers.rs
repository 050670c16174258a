//! Packs of stickers: those that the account has made, and those of others that it has added.
//!
//! Invariants: a pack has one writer, the account of its creator; each of its images is counted as carried once; the
//! shelves of public packs follow from the pack.

use fold::{Decision, Purpose};
use schemas::attaching::AttachedFile;
use schemas::code::{ErrorCode, Refusal};
use schemas::operations::{
    AddSticker, AddStickerPack, CreateStickerPack, DeleteStickerPack, MarkStickerPack, RemoveSticker,
    RemoveStickerPack, SendMessage,
};
use schemas::rows::{Attachment, RowKey, StickerPack, StickerPacks};
use schemas::stickers::{ChosenSticker, SentSticker, Sticker, StickersChanged};
use schemas::tables::stickers::{PackPlaceRow, StickerPackRow};
use schemas::verdict::Outcome;
use schemas::{AttachmentId, PackId};

use super::{Account, Accounts, attaching, suspending, usage};
use crate::effect::Effect;
use crate::files::FileType;
use crate::operation::{Context, NoEffect, Operation, Past, holds};
use crate::{moderation, stickers};

/// The name of every image: that of the uploaded file is its uploader's.
const FILE_NAME: &str = "sticker";

impl Operation<Accounts> for CreateStickerPack {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Decide => vec![pack_key(&self.pack), list_key(), usage::key(usage::STICKER_PACK)],
            Purpose::Repeat => vec![pack_key(&self.pack)],
        }
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if let Some(known) = context.row::<StickerPack>(&self.pack) {
            return Err(if is_same(self, known) {
                NoEffect::Nothing
            } else {
                Refusal::new(ErrorCode::IdempotencyConflict, "this id was used for another pack").into()
            });
        }
        suspending::check(context)?;
        stickers::check_name("name", &self.name)?;
        moderation::check(context, "name", &self.name, 0)?;
        let limits = &context.policy.limits;
        let mut packs = packs(context);
        check_room("own_sticker_packs", packs.own.len(), limits.own_sticker_packs)?;
        let mut effect = context.effect();
        usage::count(context, &mut effect, usage::STICKER_PACK, &limits.sticker_pack)?;
        packs.own.push(self.pack.clone());
        let new = StickerPack {
            creator: context.id.clone(),
            name: self.name.clone(),
            is_public: self.is_public,
            is_official: false,
            created_at: context.at,
            stickers: vec![],
            deleted_at: None,
        };
        effect.row(&(), packs);
        write(context, &mut effect, &self.pack, None, new);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(standing(past.owner, &self.pack).is_some_and(|known| is_same(self, known)))
    }
}

impl Operation<Accounts> for AddSticker {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        keys_of_sticker(&self.pack, &self.attachment, purpose)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let pack = standing(context.owner, &self.pack).ok_or_else(Refusal::not_found)?;
        if let Some(known) = pack.sticker(&self.attachment) {
            return Err(if says_same(self, known) {
                NoEffect::Nothing
            } else {
                Refusal::new(ErrorCode::Conflict, "the image is a sticker of the pack by another name").into()
            });
        }
        suspending::check(context)?;
        check_sticker(self, context)?;
        check_room("stickers_per_pack", pack.stickers.len(), context.policy.limits.stickers_per_pack)?;
        if self.shortcode.is_some() && pack.stickers.iter().any(|one| one.shortcode == self.shortcode) {
            let taken = "another sticker of the pack has this shortcode";
            return Err(Refusal::bad_input("emojiShortcode", taken).into());
        }
        let row = context.row::<Attachment>(&self.attachment).filter(|row| !row.progress.is_gone());
        let mut file =
            attaching::embedded(context.id, &self.attachment, row.ok_or_else(Refusal::not_found)?)?;
        if !FileType::of(&file.file.content_type).is_some_and(FileType::is_image) {
            return Err(Refusal::bad_input("attachmentId", "a sticker is an image").into());
        }
        FILE_NAME.clone_into(&mut file.file_name);
        let mut now = pack.clone();
        now.stickers.push(Sticker { name: self.name.clone(), shortcode: self.shortcode.clone(), file });
        let mut effect = context.effect();
        attaching::count(context, &mut effect, std::slice::from_ref(&self.attachment), 1);
        write(context, &mut effect, &self.pack, Some(pack), now);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let known = standing(past.owner, &self.pack).and_then(|pack| pack.sticker(&self.attachment));
        holds(known.is_some_and(|known| says_same(self, known)))
    }
}

impl Operation<Accounts> for RemoveSticker {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        keys_of_sticker(&self.pack, &self.attachment, purpose)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let pack = standing(context.owner, &self.pack).ok_or_else(Refusal::not_found)?;
        if pack.sticker(&self.attachment).is_none() {
            return Err(NoEffect::Nothing);
        }
        let mut now = pack.clone();
        now.stickers.retain(|sticker| sticker.file.attachment != self.attachment);
        let mut effect = context.effect();
        attaching::release(context, &mut effect, std::slice::from_ref(&self.attachment));
        write(context, &mut effect, &self.pack, Some(pack), now);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let pack = standing(past.owner, &self.pack);
        holds(pack.is_some_and(|pack| pack.sticker(&self.attachment).is_none()))
    }
}

impl Operation<Accounts> for DeleteStickerPack {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Decide => {
                let own = [pack_key(&self.pack), list_key()];
                own.into_iter().chain(attaching::rows(&self.attachments)).collect()
            }
            Purpose::Repeat => vec![pack_key(&self.pack)],
        }
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        if self.attachments.len() > Self::MOST {
            return Err(Refusal::bad_input("packId", "too many stickers at once").into());
        }
        let pack = standing(context.owner, &self.pack).ok_or_else(Refusal::not_found)?;
        let taken: Vec<AttachmentId> =
            self.attachments.iter().filter(|one| pack.sticker(one).is_some()).cloned().collect();
        let mut now = pack.clone();
        now.stickers.retain(|sticker| !taken.contains(&sticker.file.attachment));
        if taken.is_empty() && !now.stickers.is_empty() {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        attaching::release(context, &mut effect, &taken);
        if now.stickers.is_empty() {
            now.deleted_at = Some(context.at);
            let mut packs = packs(context);
            packs.own.retain(|own| *own != self.pack);
            effect.row(&(), packs);
        }
        write(context, &mut effect, &self.pack, Some(pack), now);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let pack = standing(past.owner, &self.pack);
        let keeps = |pack: &StickerPack| self.attachments.iter().any(|one| pack.sticker(one).is_some());
        holds(pack.is_none_or(|pack| !self.attachments.is_empty() && !keeps(pack)))
    }
}

impl Operation<Accounts> for AddStickerPack {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![list_key()]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut packs = packs(context);
        if has(&packs, &self.pack) {
            return Err(NoEffect::Nothing);
        }
        packs.added.retain(|added| !self.gone.contains(added));
        let most = context.policy.limits.added_sticker_packs;
        check_room("added_sticker_packs", packs.added.len(), most)?;
        packs.added.push(self.pack.clone());
        Ok(listed(context, packs, &self.pack))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(past.owner.get::<StickerPacks>(&()).is_some_and(|packs| has(packs, &self.pack)))
    }
}

impl Operation<Accounts> for RemoveStickerPack {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![list_key()]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut packs = packs(context);
        if !packs.added.contains(&self.pack) {
            return Err(NoEffect::Nothing);
        }
        packs.added.retain(|added| *added != self.pack);
        Ok(listed(context, packs, &self.pack))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let packs = past.owner.get::<StickerPacks>(&());
        holds(!packs.is_some_and(|packs| packs.added.contains(&self.pack)))
    }
}

impl Operation<Accounts> for MarkStickerPack {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![pack_key(&self.pack)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let pack = standing(context.owner, &self.pack).ok_or_else(Refusal::not_found)?;
        if !pack.is_public {
            return Err(Refusal::bad_input("id", "a private pack is not official").into());
        }
        if pack.is_official == self.is_official {
            return Err(NoEffect::Nothing);
        }
        let now = StickerPack { is_official: self.is_official, ..pack.clone() };
        let mut effect = context.effect();
        write(context, &mut effect, &self.pack, Some(pack), now);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let pack = standing(past.owner, &self.pack);
        holds(pack.is_some_and(|pack| pack.is_official == self.is_official))
    }
}

/// The image of the sticker that a send names, which has neither a text nor files.
pub fn image(send: &SendMessage, chosen: &ChosenSticker) -> Result<AttachedFile, Refusal> {
    check_alone(&send.content.text, send.attachments.len())?;
    let found = chosen.found.as_ref().filter(|found| found.file.attachment == chosen.attachment);
    found.map(|found| found.file.clone()).ok_or_else(Refusal::not_found)
}

/// What the message says beside the image.
pub fn sent(chosen: &ChosenSticker) -> Option<Box<SentSticker>> {
    let Sticker { name, shortcode, file: _ } = chosen.found.clone()?;
    Some(Box::new(SentSticker { pack: chosen.pack.clone(), name, shortcode }))
}

/// Refuses a sticker with a text or files beside it.
pub fn check_alone(text: &str, files: usize) -> Result<(), Refusal> {
    if text.is_empty() && files == 0 {
        return Ok(());
    }
    Err(Refusal::bad_input("stickerId", "a sticker has neither a text nor files beside it"))
}

/// The rows of a sticker that is put into a pack or taken out of it.
fn keys_of_sticker(pack: &PackId, attachment: &AttachmentId, purpose: Purpose) -> Vec<RowKey> {
    match purpose {
        Purpose::Decide => vec![pack_key(pack), RowKey::of::<Attachment>(attachment)],
        Purpose::Repeat => vec![pack_key(pack)],
    }
}

fn pack_key(pack: &PackId) -> RowKey {
    RowKey::of::<StickerPack>(pack)
}

fn list_key() -> RowKey {
    RowKey::of::<StickerPacks>(&())
}

fn packs(context: &Context<'_, Accounts>) -> StickerPacks {
    context.row::<StickerPacks>(&()).cloned().unwrap_or_default()
}

fn has(packs: &StickerPacks, pack: &PackId) -> bool {
    packs.own.contains(pack) || packs.added.contains(pack)
}

/// A pack of the account that is not deleted.
fn standing<'a>(account: &'a Account, pack: &PackId) -> Option<&'a StickerPack> {
    account.get::<StickerPack>(pack).filter(|pack| pack.deleted_at.is_none())
}

fn is_same(asked: &CreateStickerPack, known: &StickerPack) -> bool {
    known.deleted_at.is_none() && known.name == asked.name && known.is_public == asked.is_public
}

fn says_same(asked: &AddSticker, known: &Sticker) -> bool {
    known.name == asked.name && known.shortcode == asked.shortcode
}

fn check_room(limit: &str, count: usize, most: i32) -> Result<(), Refusal> {
    if i32::try_from(count).is_ok_and(|count| count < most) {
        return Ok(());
    }
    Err(Refusal::limit_reached(limit, format!("{most} are the most")))
}

/// Refuses names that no sticker has, or that are not allowed.
fn check_sticker(asked: &AddSticker, context: &Context<'_, Accounts>) -> Result<(), Refusal> {
    stickers::check_name("name", &asked.name)?;
    moderation::check(context, "name", &asked.name, 0)?;
    let Some(shortcode) = &asked.shortcode else { return Ok(()) };
    stickers::check_shortcode("emojiShortcode", shortcode)?;
    moderation::check(context, "emojiShortcode", shortcode, 0)
}

/// Writes a pack for its account and for readers, moves it on the shelves, and tells of it.
fn write(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    id: &PackId,
    before: Option<&StickerPack>,
    now: StickerPack,
) {
    let stood = before.map(|before| stickers::places(id, before)).unwrap_or_default();
    let stands = stickers::places(id, &now);
    effect.row(id, now.clone()).view(StickerPackRow { id: id.clone(), pack: now });
    for place in stood.iter().filter(|place| !stands.contains(place)) {
        effect.view(PackPlaceRow { place: place.clone(), is_listed: false });
    }
    for place in stands.iter().filter(|place| !stood.contains(place)) {
        effect.view(PackPlaceRow { place: place.clone(), is_listed: true });
    }
    effect.account_event(context.id, StickersChanged { pack: id.clone() });
}

/// Writes which packs the account has, and tells of it.
fn listed(context: &Context<'_, Accounts>, packs: StickerPacks, changed: &PackId) -> Decision<Accounts> {
    let mut effect = context.effect();
    effect.row(&(), packs).account_event(context.id, StickersChanged { pack: changed.clone() });
    effect.done()
}
