//! Packs of stickers: making them, and having those of others among one's own.

use async_graphql::{Context, ID, Object};
use domain::{stickers, text};
use graphql::Result;
use graphql::ids::parse_id;
use graphql::stickers::StickerPack;
use schemas::operations::{
    AddSticker, AddStickerPack, CreateStickerPack, DeleteStickerPack, RemoveSticker, RemoveStickerPack,
};
use schemas::{AccountRequest, ClientId, ErrorCode, PackId, Refusal, StickerId};
use uuid::Uuid;

use super::{Caller, caller, done, own_file};
use crate::requests::RequestKind;

/// Requests by which the largest pack is deleted, and some more.
const MOST_PARTS: usize = 20;

#[derive(Default)]
pub struct Stickers;

#[Object]
impl Stickers {
    /// `clientPackId` is chosen by the client, once per pack; the same again gives the same pack. Up to 50 packs,
    /// with names of up to 50 characters.
    async fn create_sticker_pack(
        &self,
        ctx: &Context<'_>,
        name: String,
        is_public: bool,
        client_pack_id: Uuid,
    ) -> Result<StickerPack> {
        let (caller, name) = (caller(ctx)?, named(&name));
        stickers::check_name("name", &name)?;
        let pack = caller.access.reads.ids.packed(caller.user(), &ClientId::from(client_pack_id));
        caller.change_pack(pack.clone(), CreateStickerPack { pack, name, is_public }).await
    }

    /// An image of the caller's own that is READY becomes a sticker of an own pack, which has up to 120. The same
    /// again changes nothing.
    async fn add_sticker(
        &self,
        ctx: &Context<'_>,
        pack_id: ID,
        attachment_id: ID,
        name: String,
        emoji_shortcode: Option<String>,
    ) -> Result<StickerPack> {
        let (caller, name) = (caller(ctx)?, named(&name));
        let (pack, attachment): (PackId, _) = (parse_id(&pack_id)?, own_file(&attachment_id)?);
        stickers::check_name("name", &name)?;
        let shortcode = emoji_shortcode;
        shortcode.as_deref().map_or(Ok(()), |code| stickers::check_shortcode("emojiShortcode", code))?;
        caller.change_pack(pack.clone(), AddSticker { pack, attachment, name, shortcode }).await
    }

    /// What was sent stays.
    async fn remove_sticker(&self, ctx: &Context<'_>, pack_id: ID, sticker_id: ID) -> Result<StickerPack> {
        let caller = caller(ctx)?;
        let (pack, sticker): (PackId, StickerId) = (parse_id(&pack_id)?, parse_id(&sticker_id)?);
        if sticker.pack != pack {
            return Err(Refusal::not_found().into());
        }
        let attachment = sticker.attachment;
        caller.change_pack(pack.clone(), RemoveSticker { pack, attachment }).await
    }

    /// What was sent stays. CONFLICT if stickers are added all the time.
    async fn delete_sticker_pack(&self, ctx: &Context<'_>, pack_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let pack: PackId = parse_id(&pack_id)?;
        let mut found = caller.access.sticker_pack(&pack).await?;
        found.as_ref().ok_or_else(Refusal::not_found)?;
        // Stickers that come meanwhile go with the others.
        for _ in 0..MOST_PARTS {
            let Some(standing) = found else { return Ok(true) };
            let next = DeleteStickerPack::of(pack.clone(), &standing.stickers);
            caller.run(RequestKind::Direct, next).await?;
            found = caller.access.sticker_pack(&pack).await.map_err(done)?;
        }
        match found {
            None => Ok(true),
            Some(_) => Err(Refusal::new(ErrorCode::Conflict, "stickers are added at the same time").into()),
        }
    }

    /// A public pack is to stand among the caller's; up to 200.
    async fn add_sticker_pack(&self, ctx: &Context<'_>, pack_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let pack: PackId = parse_id(&pack_id)?;
        caller.access.sticker_pack(&pack).await?.ok_or_else(Refusal::not_found)?;
        let add = AddStickerPack { pack, gone: caller.packs_gone().await? };
        caller.run(RequestKind::Direct, add).await?;
        Ok(true)
    }

    /// An added pack is to stand there no more; one's own is deleted instead.
    async fn remove_sticker_pack(&self, ctx: &Context<'_>, pack_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        caller.run(RequestKind::Direct, RemoveStickerPack { pack: parse_id(&pack_id)? }).await?;
        Ok(true)
    }
}

impl Caller<'_> {
    /// Runs a change of a pack of the caller's own, and reads it.
    async fn change_pack(&self, id: PackId, change: impl Into<AccountRequest>) -> Result<StickerPack> {
        self.run(RequestKind::Direct, change).await?;
        let pack = self.access.sticker_pack(&id).await.map_err(done)?;
        Ok(StickerPack::new(id, pack.ok_or_else(Refusal::not_found)?))
    }

    /// Added packs that are deleted; looked for when there is no room beside them.
    async fn packs_gone(&self) -> Result<Vec<PackId>, Refusal> {
        let added = self.access.sticker_packs_added().await?;
        let most = self.access.reads.policy().await?.map(|policy| policy.limits.added_sticker_packs);
        let is_full = most.is_some_and(|most| i32::try_from(added).is_ok_and(|added| added >= most));
        if is_full { self.access.sticker_packs_gone().await } else { Ok(vec![]) }
    }
}

/// A name as it is stored.
fn named(name: &str) -> String {
    text::normalise(name).trim().to_owned()
}
