//! Stickers: packs of images, made by users for themselves or for everybody, and the image that a message carries.
//!
//! Invariant: a pack is one of its creator's account, which alone decides what it holds. A message carries a copy
//! of name, shortcode and image, which no change of the pack reaches.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

use crate::attaching::AttachedFile;
use crate::ids::{AttachmentId, PackId, UserId};
use crate::position::LogTime;
use crate::rows::TOMBSTONE_SECONDS;

/// Request to an account: make a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct CreateStickerPack {
    pub pack: PackId,
    /// Normalised.
    pub name: String,
    /// Whether everybody finds it. This never changes.
    pub is_public: bool,
}

/// Request to an account: an image of the account becomes a sticker of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AddSticker {
    pub pack: PackId,
    pub attachment: AttachmentId,
    /// Normalised.
    pub name: String,
    /// With its colons.
    pub shortcode: Option<String>,
}

/// Request to an account: take a sticker out of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemoveSticker {
    pub pack: PackId,
    pub attachment: AttachmentId,
}

/// Request to an account: take these stickers out of a pack, and delete the pack if it has no other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct DeleteStickerPack {
    pub pack: PackId,
    /// At most [`Self::MOST`].
    pub attachments: Vec<AttachmentId>,
}

impl DeleteStickerPack {
    /// Each is a row that is written, and a fact.
    pub const MOST: usize = 20;

    /// The next request that a deletion of a pack needs.
    pub fn of(pack: PackId, stickers: &[Sticker]) -> Self {
        let attachments = stickers.iter().take(Self::MOST).map(|one| one.file.attachment.clone()).collect();
        Self { pack, attachments }
    }
}

/// Request to an account: a public pack of another is to stand among its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct AddStickerPack {
    pub pack: PackId,
    /// Added packs that ingest found deleted: they make room.
    pub gone: Vec<PackId>,
}

/// Request to an account: a pack of another is to stand there no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct RemoveStickerPack {
    pub pack: PackId,
}

/// Request to the account of a pack's creator, by an admin: the pack is official, or is so no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct MarkStickerPack {
    pub pack: PackId,
    pub is_official: bool,
}

/// Fact of an account: a pack was made, changed, deleted, added or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct StickersChanged {
    pub pack: PackId,
}

/// Row of its creator's account by pack; and, for readers, of the table of packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct StickerPack {
    pub creator: UserId,
    pub name: String,
    pub is_public: bool,
    pub is_official: bool,
    pub created_at: LogTime,
    /// Oldest first; none of a deleted pack.
    pub stickers: Vec<Sticker>,
    pub deleted_at: Option<LogTime>,
}

impl StickerPack {
    /// The sticker with this image.
    pub fn sticker(&self, attachment: &AttachmentId) -> Option<&Sticker> {
        self.stickers.iter().find(|sticker| sticker.file.attachment == *attachment)
    }

    /// Whether a user may see the pack: everybody a public one, nobody one that is deleted.
    pub fn is_shown_to(&self, user: &UserId) -> bool {
        self.deleted_at.is_none() && (self.is_public || self.creator == *user)
    }

    /// The row of a deleted pack is a tombstone.
    pub fn expires_after_seconds(&self) -> Option<u64> {
        self.deleted_at.is_some().then_some(TOMBSTONE_SECONDS)
    }
}

/// A sticker, in its pack and in a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct Sticker {
    pub name: String,
    /// `:muscle:`, unique in its pack.
    pub shortcode: Option<String>,
    pub file: AttachedFile,
}

/// The sticker that a send names, as ingest found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct ChosenSticker {
    pub pack: PackId,
    pub attachment: AttachmentId,
    /// Absent where the sender sees it no more: only a repeat of a first send is answered then.
    pub found: Option<Sticker>,
}

/// What a message that is a sticker says beside its image, which is the one file that it carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct SentSticker {
    /// May be deleted since.
    pub pack: PackId,
    pub name: String,
    pub shortcode: Option<String>,
}

/// Row of an account: its packs, in the order in which they came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct StickerPacks {
    /// Those that it has made.
    pub own: Vec<PackId>,
    /// Those of others.
    pub added: Vec<PackId>,
}
