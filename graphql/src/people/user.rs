//! A user as others see them.
//!
//! Invariants: an id is answered without reading; the rest is the published profile, the same for everyone, and
//! the presence, each viewer's own. Of an erased user nothing is shown, whatever profile a message carries.

use async_graphql::{Context, ID, Object, SimpleObject};
use schemas::UserId;
use schemas::people::Profile;
use tokio::sync::OnceCell;

use crate::paging::PageInfo;
use crate::people::presence::UserPresence;
use crate::{Result, access, reads};

pub struct User {
    id: UserId,
    /// As a message or an event carries it.
    carried: Option<Profile>,
    shown: OnceCell<Profile>,
}

impl User {
    pub fn of(profile: Profile) -> Self {
        Self { id: profile.user.clone(), carried: Some(profile), shown: OnceCell::new() }
    }

    /// A user whom a row names by id; the platform may have removed them since.
    pub fn named(id: UserId) -> Self {
        Self { id, carried: None, shown: OnceCell::new() }
    }

    async fn profile(&self, ctx: &Context<'_>) -> Result<&Profile> {
        let show = async || -> Result<Profile> {
            let reads = reads(ctx)?;
            if let Some(carried) = &self.carried {
                return Ok(reads.shown(carried.clone()));
            }
            let profile = reads.find_profile(&self.id).await?;
            Ok(profile.unwrap_or_else(|| Profile::of_erased(self.id.clone())))
        };
        self.shown.get_or_try_init(show).await
    }
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    async fn username(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(&self.profile(ctx).await?.username)
    }

    async fn display_name(&self, ctx: &Context<'_>) -> Result<&str> {
        Ok(&self.profile(ctx).await?.display_name)
    }

    /// null if the viewer may not see it, or if it cannot be read at present
    async fn presence(&self, ctx: &Context<'_>) -> Result<Option<UserPresence>> {
        let seen = access(ctx)?.presence(std::slice::from_ref(&self.id)).await;
        let shown = seen.ok().and_then(|mut seen| seen.pop()).filter(|(_, is_shown)| *is_shown);
        Ok(shown.map(|(seen, _)| UserPresence::from(&seen)))
    }

    async fn avatar_url(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.profile(ctx).await?.avatar_url.as_deref())
    }
}

#[derive(SimpleObject)]
pub struct UserConnection {
    pub nodes: Vec<User>,
    pub page_info: PageInfo,
}
