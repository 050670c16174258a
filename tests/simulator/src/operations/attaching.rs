//! Files that messages and avatars carry: sends, deletions and settings move their counts.

use domain::account::embedded_file;
use rand::Rng;
use schemas::attaching::{AttachedFile, CountFiles};
use schemas::rows::StickerPack;
use schemas::uploading::Attachment;
use schemas::{AttachmentId, UserId};

use super::{Simulated, uploading};
use crate::check::{self, Account, Rest};
use crate::clients::Clients;
use crate::tables::QUORUMS;
use crate::world::State;

/// Some file of a user, if it is ready, as ingest reads it.
pub fn ready(state: &mut State, user: &UserId) -> Option<AttachedFile> {
    let attachment = uploading::attachment(state, user);
    let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
    let account = check::account(state, user, quorum).ok()?;
    embedded_file(user, &attachment, account.get::<Attachment>(&attachment)?).ok()
}

/// How many messages that stand carry a file that their send has counted, and packs of stickers; and how many copies and
/// stickers that were sent, and avatars of conversations.
fn carried(rest: &Rest<'_>, account: &Account, id: &AttachmentId) -> (i32, i32) {
    let packs = account.stored.all::<StickerPack>().filter(|(_, pack)| pack.sticker(id).is_some());
    let (mut sent, mut others) = (i32::try_from(packs.count()).unwrap_or(i32::MAX), 0);
    for story in rest.stories() {
        let standing = story.history.messages.iter().filter(|written| written.removed_at.is_none());
        let carries = |file: &AttachedFile| file.attachment == *id;
        for written in standing {
            let body = &written.message.body;
            let is_counted = body.forwarded().is_none() && body.sticker().is_none();
            let counted = if is_counted { &mut sent } else { &mut others };
            *counted += i32::from(body.attachments().iter().any(carries));
        }
        let opened = story.history.opened.as_ref();
        others += i32::from(opened.and_then(|opened| opened.avatar.as_ref()).is_some_and(carries));
    }
    (sent, others)
}

impl Simulated for CountFiles {
    const WEIGHT: u32 = 0;

    fn ask(_: &mut Clients, _: &mut State) {}

    /// A file is counted once for each message that stands, each pack and each avatar; one that is gone no pack has,
    /// and no message that was sent with it. A copy may have been made, an avatar chosen, while the last message went.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            for (id, row) in account.stored.all::<Attachment>() {
                let (sent, others) = carried(rest, account, &id);
                let expected = if row.progress.is_gone() { 0 } else { sent + others };
                if row.uses != expected || (row.progress.is_gone() && sent > 0) {
                    let by = format!("{sent} messages and packs, and {others} copies, stickers and avatars");
                    return Err(format!("{id} of {user} is carried by {by}: {row:?}"));
                }
            }
        }
        Ok(())
    }
}
