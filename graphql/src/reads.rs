//! What the API reads, for a viewer and with their sight.
//!
//! Invariants: a read of a conversation demands a [`ConversationSight`], and gives nothing that it does not
//! show; rights are read once for a request, and a denial once more before it is reported.

mod attaching;
mod blocks;
mod history;
mod limits;
mod organizing;
mod own;
mod pins;
mod polls;
mod presence;
mod reactions;
mod recipients;
mod reports;
mod request;
mod rights;
mod sight;
mod stickers;
mod unread;
mod versions;

use std::sync::Arc;

use awareness::Awareness;
use platform::clock::Clock;
use schemas::code::Refusal;
use schemas::control::Policy;
use schemas::creating::Opened;
use schemas::credits::LedgerEntry;
use schemas::flags::Tier;
use schemas::people::Profile;
use schemas::position::{LogTime, Offset};
use schemas::states::AccountState;
use schemas::uploading::Attachment;
use schemas::{AttachmentId, ClientId, ConversationId, ConversationKey, UserId};
use translation::Translations;

use crate::links::Links;
use crate::rows::{MemberRows, Memberships, Rows};
use crate::{Standings, VapidPublicKey, Viewer};

pub use attaching::{CarriedFiles, FilePosition};
pub use blocks::BlockList;
pub use history::{Direction, Found};
pub use presence::presence_error;
pub use recipients::{unblocked, without_reads};
pub use request::Access;
pub use rights::Rights;
pub use sight::ConversationSight;

/// Reads that apply a viewer's rights.
pub struct Reads {
    rows: Arc<Rows>,
    /// Derives ids of conversations.
    pub ids: ConversationKey,
    /// What users see of each other at the moment.
    pub awareness: Arc<Awareness>,
    /// Links to files.
    pub links: Links,
    /// Absent where no web push is sent.
    pub vapid: Option<VapidPublicKey>,
    /// Absent where nobody translates.
    pub translations: Option<Arc<Translations>>,
    clock: Arc<dyn Clock>,
    standings: Arc<Standings>,
}

impl Reads {
    pub fn new(
        rows: Arc<Rows>,
        ids: ConversationKey,
        awareness: Arc<Awareness>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let links = Links::new(ids.clone(), "");
        Self {
            rows,
            ids,
            links,
            awareness,
            vapid: None,
            translations: None,
            clock,
            standings: Arc::default(),
        }
    }

    /// With links that begin by a base.
    pub fn with_links_at(self, base: &str) -> Self {
        Self { links: Links::new(self.ids.clone(), base), ..self }
    }

    /// With the key by which push services know the deployment.
    pub fn with_vapid(self, vapid: Option<VapidPublicKey>) -> Self {
        Self { vapid, ..self }
    }

    /// With what translates messages.
    pub fn with_translations(self, translations: Option<Arc<Translations>>) -> Self {
        Self { translations, ..self }
    }

    /// With what the process knows of who is erased.
    pub fn with_standings(self, standings: Arc<Standings>) -> Self {
        Self { standings, ..self }
    }

    /// How many users are erased; answers that name users differ when it does.
    pub fn erasures(&self) -> usize {
        self.standings.erasures()
    }

    /// What is shown of a user, in place of a profile that may be older than their erasure.
    pub fn shown(&self, profile: Profile) -> Profile {
        if self.standings.is_erased(&profile.user) { Profile::of_erased(profile.user) } else { profile }
    }

    pub fn now(&self) -> LogTime {
        self.clock.now()
    }

    /// The published profile of a user; none of an erased one. Anyone may see it.
    pub async fn published(&self, user: &UserId) -> Result<Option<Profile>, Refusal> {
        if self.standings.is_erased(user) { Ok(None) } else { self.stored_profile(user).await }
    }

    /// The same, or what stands for an erased user.
    pub async fn find_profile(&self, user: &UserId) -> Result<Option<Profile>, Refusal> {
        if self.standings.is_erased(user) {
            return Ok(Some(Profile::of_erased(user.clone())));
        }
        self.stored_profile(user).await
    }

    async fn stored_profile(&self, user: &UserId) -> Result<Option<Profile>, Refusal> {
        Ok(self.rows.profile(user).await?.map(|profile| profile.value))
    }

    /// The same; NOT_FOUND if there is none.
    pub async fn profile(&self, user: &UserId) -> Result<Profile, Refusal> {
        self.find_profile(user).await?.ok_or_else(Refusal::not_found)
    }

    /// What a conversation is: for any viewer to whom an event has named it.
    pub async fn about(&self, id: &ConversationId) -> Result<Opened, Refusal> {
        self.rows.state(id).await?.opened.ok_or_else(Refusal::not_found)
    }

    /// The conversations that a viewer is or was in, as their own rows name them.
    pub fn memberships<'a>(&'a self, viewer: &'a UserId) -> Memberships<'a> {
        self.rows.memberships(viewer)
    }

    /// The policy that was last put in force, if any was.
    pub async fn policy(&self) -> Result<Option<Policy>, Refusal> {
        self.rows.policy().await
    }

    /// The tier of a viewer: as the platform has published it, else as the token says.
    pub async fn tier(&self, viewer: &Viewer) -> Result<Option<Tier>, Refusal> {
        let published = self.rows.tier(&viewer.user).await?.and_then(|row| row.value);
        Ok(published.or_else(|| viewer.tier.clone()))
    }

    /// A viewer's own account.
    pub async fn account(&self, viewer: &UserId) -> Result<AccountState, Refusal> {
        self.rows.account(viewer).await
    }

    /// An attachment of a viewer's own; NOT_FOUND for any other.
    pub async fn attachment(&self, viewer: &UserId, id: &AttachmentId) -> Result<Attachment, Refusal> {
        let row: Option<Attachment> = self.rows.account_value(viewer, id).await?;
        row.filter(|row| !row.progress.is_gone()).ok_or_else(Refusal::not_found)
    }

    /// Entries of a viewer's own ledger before an offset, newest first; at most `limit`.
    pub async fn ledger(
        &self,
        viewer: &UserId,
        before: Option<Offset>,
        limit: usize,
    ) -> Result<Vec<(Offset, LedgerEntry)>, Refusal> {
        self.rows.ledger(viewer, before, limit).await
    }

    /// The number of a viewer's own send, if it is stored.
    pub async fn sent(
        &self,
        viewer: &UserId,
        id: &ConversationId,
        client: &ClientId,
    ) -> Result<Option<i64>, Refusal> {
        self.rows.sent(viewer, id, client).await
    }

    /// The blocks between a viewer and others.
    async fn blocks(&self, viewer: &UserId) -> Result<BlockList, Refusal> {
        Ok(BlockList::new(self.rows.blocks(viewer).await?))
    }

    /// A viewer's rows of a conversation; empty ones without membership.
    async fn member(&self, viewer: &UserId, id: &ConversationId) -> Result<MemberRows, Refusal> {
        Ok(self.rows.of_member(viewer, id).await?.map(|rows| rows.value).unwrap_or_default())
    }
}
