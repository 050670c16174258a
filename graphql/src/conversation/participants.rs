//! The participants of a conversation.
//!
//! Invariant: where a block stands between a participant and the viewer, the participant's marks are null; read
//! marks are, where either has read receipts off.

use async_graphql::{Context, ID, Object, SimpleObject};
use schemas::membership::Member;
use schemas::position::LogTime;
use schemas::receipts::{Reached, Watermarks};
use schemas::{MessageId, UserId};

use super::Conversation;
use super::kinds::ParticipantRole;
use crate::Result;
use crate::paging::{self, ListPage, PageInfo};
use crate::people::user::User;
use crate::reads::ConversationSight;
use crate::scalars::DateTime;

/// Fields of a conversation about its people.
pub struct Participants<'a>(pub &'a Conversation);

#[Object]
impl Participants<'_> {
    /// in the order of joining
    async fn participants(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<ParticipantConnection> {
        let size = paging::size("first", first)?;
        let after = paging::position::<(LogTime, UserId)>("after", after.as_deref())?;
        let (access, sight) = self.0.sight(ctx).await?;
        let mut all = vec![];
        if let Some(sight) = sight {
            let people = access.people(&sight).await?;
            let sees_reads = domain::privacy::sees_reads(&access.privacy().await?);
            for (user, member) in people.present() {
                let marks = if user == access.viewer {
                    people.marks(user, member)
                } else if sight.sight().follows(user) {
                    people.shown_marks(user, member).seen(sees_reads)
                } else {
                    Watermarks::default()
                };
                all.push(Participant::new(&sight, user, member, marks));
            }
        }
        let position = |one: &Participant| (one.member.joined_at, one.user.clone());
        let page = ListPage::of(all, size, after, position);
        Ok(ParticipantConnection { nodes: page.items, page_info: page.info })
    }

    async fn participant_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let (_, sight) = self.0.sight(ctx).await?;
        Ok(sight.map_or(0, |sight| sight.state().members))
    }

    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Participant>> {
        let (access, sight) = self.0.sight(ctx).await?;
        let Some(sight) = sight else { return Ok(None) };
        Ok(Some(Participant::new(&sight, access.viewer, sight.member()?, sight.marks())))
    }
}

/// A member of a conversation.
pub struct Participant {
    user: UserId,
    member: Member,
    last_read: Option<MessageId>,
    last_delivered: Option<MessageId>,
}

impl Participant {
    /// Marks that are not shown are those of nothing.
    fn new(sight: &ConversationSight, user: &UserId, member: &Member, marks: Watermarks) -> Self {
        let message = |mark: Reached| {
            (mark.up_to > 0).then(|| MessageId { conversation: sight.id().clone(), seq: mark.up_to })
        };
        Self {
            user: user.clone(),
            member: member.clone(),
            last_read: message(marks.read),
            last_delivered: message(marks.delivered),
        }
    }
}

#[Object]
impl Participant {
    async fn user(&self) -> User {
        User::named(self.user.clone())
    }

    async fn role(&self) -> ParticipantRole {
        self.member.role.into()
    }

    async fn joined_at(&self) -> DateTime {
        DateTime(self.member.joined_at)
    }

    async fn last_read_message_id(&self) -> Option<ID> {
        self.last_read.as_ref().map(|id| id.to_string().into())
    }

    /// Reading implies delivery.
    async fn last_delivered_message_id(&self) -> Option<ID> {
        self.last_delivered.as_ref().map(|id| id.to_string().into())
    }
}

#[derive(SimpleObject)]
pub struct ParticipantConnection {
    pub nodes: Vec<Participant>,
    pub page_info: PageInfo,
}
