//! A conversation as its viewer sees it.
//!
//! Invariant: what an event carries of it is answered at once; the rest is read with the viewer's sight, and
//! empty for a viewer who is not a member.

mod activity;
pub mod kinds;
pub mod list;
mod named;
pub mod organizing;
pub mod participants;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use schemas::ConversationId;
use schemas::creating::Opened;
use tokio::sync::OnceCell;

use crate::attachment::thumbnail;
use crate::people::user::User;
use crate::reads::{Access, ConversationSight, Rights};
use crate::scalars::DateTime;
use crate::{Result, access, reads};
use activity::Activity;
use kinds::ConversationKind;
use named::Own;
use organizing::Kept;
use participants::Participants;

pub use named::{Named, Told};

pub struct Conversation {
    id: ConversationId,
    opened: OnceCell<Opened>,
    /// The sight with which it was read.
    sight: Option<Arc<ConversationSight>>,
    /// What an event has told of the viewer's own.
    own: Own,
}

impl Conversation {
    /// A conversation with the sight that was read of it.
    pub fn seen(sight: Arc<ConversationSight>) -> Self {
        let opened = OnceCell::new_with(sight.opened().cloned());
        Self { id: sight.id().clone(), opened, sight: Some(sight), own: Own::default() }
    }

    /// A conversation that an event has named to the viewer.
    pub fn named(Named { id, told }: Named<'_>) -> Self {
        let about = told.about().cloned();
        Self { id: id.clone(), opened: OnceCell::new_with(about), sight: None, own: Own::of(told) }
    }

    async fn opened(&self, ctx: &Context<'_>) -> Result<&Opened> {
        let known = || ctx.data_opt::<Rights>().and_then(|rights| rights.opened(&self.id));
        let read = async || -> Result<Opened> {
            match known() {
                Some(opened) => Ok(opened),
                None => Ok(reads(ctx)?.about(&self.id).await?),
            }
        };
        self.opened.get_or_try_init(read).await
    }

    /// The viewer's access, and their sight if they are a member. An ex-member may hold its name from an
    /// event, and sees nothing else of it.
    async fn sight<'a>(&self, ctx: &Context<'a>) -> Result<(Access<'a>, Option<Arc<ConversationSight>>)> {
        let access = access(ctx)?;
        let sight = match &self.sight {
            Some(sight) => sight.clone(),
            None => access.sight(&self.id).await?,
        };
        let is_member = sight.interval().is_ok();
        Ok((access, Some(sight).filter(|_| is_member)))
    }
}

#[Object]
impl Conversation {
    async fn id(&self) -> ID {
        self.id.as_str().into()
    }

    async fn kind(&self, ctx: &Context<'_>) -> Result<ConversationKind> {
        Ok(self.opened(ctx).await?.kind.into())
    }

    async fn title(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.opened(ctx).await?.title.as_deref())
    }

    async fn description(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.opened(ctx).await?.description.as_deref())
    }

    /// a small image of a group; the link is valid for at least half a day
    async fn avatar_url(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let avatar = self.opened(ctx).await?.avatar.as_ref();
        avatar.map_or(Ok(None), |avatar| thumbnail(ctx, &avatar.attachment, &avatar.file_name, &avatar.file))
    }

    /// only owner and moderators post
    async fn announcements_only(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.opened(ctx).await?.announcements_only)
    }

    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        Ok(DateTime(self.opened(ctx).await?.at))
    }

    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(Some(User::named(self.opened(ctx).await?.by.clone())))
    }

    #[graphql(flatten)]
    async fn people(&self) -> Participants<'_> {
        Participants(self)
    }

    #[graphql(flatten)]
    async fn activity(&self) -> Activity<'_> {
        Activity(self)
    }

    #[graphql(flatten)]
    async fn kept(&self) -> Kept<'_> {
        Kept(self)
    }

    /// A stranger's first messages wait here until the viewer accepts.
    async fn is_request(&self, ctx: &Context<'_>) -> Result<bool> {
        if let Some(told) = self.own.is_request {
            return Ok(told);
        }
        let (access, sight) = self.sight(ctx).await?;
        Ok(self.own.asked.contains(access.viewer) || sight.is_some_and(|sight| sight.is_request()))
    }

    /// Whether the viewer may send to it: a block in a DIRECT conversation forbids it, a request in one after the
    /// first message, and in a group for announcements the role of a member.
    async fn can_post(&self, ctx: &Context<'_>) -> Result<bool> {
        let (access, sight) = self.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(false) };
        if domain::access::posting(sight.opened(), sight.member().ok()).is_err() {
            return Ok(false);
        }
        if access.is_cut_off(&sight) {
            return Ok(false);
        }
        // Who asks has one message until the other accepts.
        let is_spent = sight.is_direct() && sight.state().countable > 0;
        Ok(!(is_spent && sight.blocks().awaited().any(|other| access.is_with(&sight, other))))
    }
}
