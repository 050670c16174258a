//! A user as others see them.
//!
//! Invariant: an id is answered without reading; the rest is the published profile, the same for everyone, and
//! the presence, each viewer's own.

use async_graphql::{Context, ID, Object, SimpleObject};
use schemas::UserId;
use schemas::people::Profile;
use tokio::sync::OnceCell;

use crate::paging::PageInfo;
use crate::people::presence::UserPresence;
use crate::{Result, access, reads};

pub struct User {
    id: UserId,
    profile: OnceCell<Profile>,
}

impl User {
    pub fn of(profile: Profile) -> Self {
        Self { id: profile.user.clone(), profile: OnceCell::new_with(Some(profile)) }
    }

    /// A user whom a row names by id; the platform may have removed them since.
    pub fn named(id: UserId) -> Self {
        Self { id, profile: OnceCell::new() }
    }

    async fn profile(&self, ctx: &Context<'_>) -> Result<&Profile> {
        let read = async || -> Result<Profile> {
            let profile = reads(ctx)?.find_profile(&self.id).await?;
            Ok(profile.unwrap_or_else(|| Profile {
                user: self.id.clone(),
                username: "deleted".to_owned(),
                display_name: "Deleted user".to_owned(),
                avatar_url: None,
            }))
        };
        self.profile.get_or_try_init(read).await
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

    /// null where the viewer may not see it, or where it cannot be told just now
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
