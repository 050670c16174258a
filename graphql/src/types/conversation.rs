//! Conversations and who is in them.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use schemas::conversation::{self, Role};
use schemas::people::Profile;
use schemas::rows::{Member, Opened, Stay};
use schemas::tables::views::MessageRow;
use schemas::{ConversationId, MessageId, Refusal, UserId};
use tokio::sync::OnceCell;

use crate::paging::{self, PageInfo, Wanted, Window};
use crate::reads::{BlockList, Loaded, Reads};
use crate::scalars::DateTime;
use crate::types::message::Message;
use crate::types::user::User;
use crate::{api_error, reads, viewer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ConversationKind {
    Direct,
    Group,
    Channel,
    Broadcast,
}

impl From<conversation::ConversationKind> for ConversationKind {
    fn from(kind: conversation::ConversationKind) -> Self {
        match kind {
            conversation::ConversationKind::Direct => Self::Direct,
            conversation::ConversationKind::Group => Self::Group,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ParticipantRole {
    Owner,
    Moderator,
    Member,
}

impl From<Role> for ParticipantRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Member => Self::Member,
        }
    }
}

/// A conversation that the viewer may see. What an event carries of it is known at once; the rest is
/// read when it is asked for, once.
pub struct Conversation {
    id: ConversationId,
    opened: Option<Opened>,
    loaded: OnceCell<Loaded>,
}

/// Unread messages are counted exactly up to this; one more stands for "more".
const UNREAD_COUNTED: i64 = 99;

impl Conversation {
    pub fn loaded(loaded: Loaded) -> Self {
        Self {
            id: loaded.id.clone(),
            opened: loaded.state.opened.clone(),
            loaded: OnceCell::new_with(Some(loaded)),
        }
    }

    /// One of which only an event is known.
    pub fn named(id: ConversationId, opened: Option<Opened>) -> Self {
        Self { id, opened, loaded: OnceCell::new() }
    }

    async fn load(&self, ctx: &Context<'_>) -> Result<&Loaded> {
        let reads = reads(ctx)?;
        self.loaded.get_or_try_init(|| reads.load(&self.id)).await.map_err(api_error)
    }

    /// The conversation and the viewer's stay in it, if they are in it now: whoever was removed may
    /// still hold its name from an event, and sees nothing else of it.
    async fn seen(&self, ctx: &Context<'_>) -> Result<Option<(&Loaded, &Stay)>> {
        let me = &viewer(ctx)?.user;
        let loaded = self.load(ctx).await?;
        Ok(loaded.seen_by(me).ok().map(|stay| (loaded, stay)))
    }

    async fn opened(&self, ctx: &Context<'_>) -> Result<&Opened> {
        match &self.opened {
            Some(opened) => Ok(opened),
            None => {
                self.load(ctx).await?.state.opened.as_ref().ok_or_else(|| api_error(Refusal::not_found()))
            }
        }
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

    async fn participants(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<ParticipantConnection> {
        let seen = self.seen(ctx).await?;
        let of = |loaded: &Loaded| -> Vec<Participant> {
            let present = loaded.present().into_iter();
            present.map(|(user, member)| Participant::of(loaded, user, member)).collect()
        };
        let all = seen.map(|(loaded, _)| of(loaded)).unwrap_or_default();
        let page = ListPage::of(all.len(), first, after.as_deref(), |at| all[at].user.to_string())?;
        let nodes = all.into_iter().skip(page.from).take(page.count).collect();
        Ok(ParticipantConnection { nodes, page_info: page.info })
    }

    async fn participant_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(self.seen(ctx).await?.map_or(0, |(loaded, _)| loaded.state.members))
    }

    /// The newest that the viewer sees.
    async fn last_message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let Some((loaded, stay)) = self.seen(ctx).await? else { return Ok(None) };
        let newest = Wanted::default().window(stay.first_seq, loaded.state.head).map_err(api_error)?;
        let blocks = reads(ctx)?.blocks(&viewer(ctx)?.user).await.map_err(api_error)?;
        let window = match blocks.touch(loaded.members.iter().map(|(user, _)| user)) {
            true => newest,
            false => Window { from: newest.to.max(newest.from), to: newest.to },
        };
        let mut rows = reads(ctx)?.messages(&loaded.id, window).await.map_err(api_error)?;
        rows.retain(|row| !blocks.hide(&row.message));
        Ok(rows.pop().map(Message::stored))
    }

    async fn last_message_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let state = self.seen(ctx).await?.map(|(loaded, _)| &loaded.state);
        Ok(state.filter(|state| state.head > 0).map(|state| DateTime(state.head_at)))
    }

    async fn last_seq(&self, ctx: &Context<'_>) -> Result<i64> {
        Ok(self.seen(ctx).await?.map_or(0, |(loaded, _)| loaded.state.head))
    }

    async fn created_at(&self, ctx: &Context<'_>) -> Result<DateTime> {
        Ok(DateTime(self.opened(ctx).await?.at))
    }

    async fn created_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let by = self.opened(ctx).await?.by.clone();
        Ok(reads(ctx)?.find_profile(&by).await.map_err(api_error)?.map(User))
    }

    /// Counted exactly up to 99; 100 means more.
    async fn unread_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let me = &viewer(ctx)?.user;
        let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
        unread(reads(ctx)?, self.load(ctx).await?, &blocks, me).await.map_err(api_error)
    }

    /// Unread messages that name the viewer, among the first hundred unread.
    async fn unread_mention_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let me = &viewer(ctx)?.user;
        let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
        let unread = unread_rows(reads(ctx)?, self.load(ctx).await?, &blocks, me).await.map_err(api_error)?;
        let names = |row: &&MessageRow| {
            let mentions = &row.message.mentions;
            mentions.all || mentions.people.iter().any(|person| person.user == *me)
        };
        Ok(i32::try_from(unread.iter().filter(names).count()).unwrap_or(i32::MAX))
    }

    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Participant>> {
        let me = &viewer(ctx)?.user;
        let seen = self.seen(ctx).await?;
        Ok(seen.and_then(|(loaded, _)| Some(Participant::of(loaded, me, loaded.member(me)?))))
    }

    async fn can_post(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some((loaded, _)) = self.seen(ctx).await? else { return Ok(false) };
        if self.opened(ctx).await?.kind != conversation::ConversationKind::Direct {
            return Ok(true);
        }
        let blocks = reads(ctx)?.blocks(&viewer(ctx)?.user).await.map_err(api_error)?;
        Ok(!loaded.members.iter().any(|(user, _)| blocks.stand_between(user)))
    }
}

/// Messages that a member may see and has not read.
fn unread_window(loaded: &Loaded, user: &UserId) -> Option<Window> {
    let stay = loaded.seen_by(user).ok()?;
    let read = loaded.receipt(user).read_up_to.max(stay.first_seq - 1);
    Some(Window { from: read + 1, to: loaded.state.head })
}

/// How many messages a member may see and has not read. Where blocks may hide some they are counted
/// row by row.
pub async fn unread(
    reads: &Reads,
    loaded: &Loaded,
    blocks: &BlockList,
    user: &UserId,
) -> Result<i32, Refusal> {
    let Some(window) = unread_window(loaded, user) else { return Ok(0) };
    let count = if blocks.touch(loaded.members.iter().map(|(user, _)| user)) {
        unread_rows(reads, loaded, blocks, user).await?.len() as i64
    } else {
        window.to - window.from + 1
    };
    Ok(i32::try_from(count.clamp(0, UNREAD_COUNTED + 1)).unwrap_or(0))
}

/// The first hundred messages that a member has not read, without those that blocks hide.
async fn unread_rows(
    reads: &Reads,
    loaded: &Loaded,
    blocks: &BlockList,
    user: &UserId,
) -> Result<Vec<MessageRow>, Refusal> {
    let Some(Window { from, to }) = unread_window(loaded, user) else { return Ok(vec![]) };
    let mut rows = reads.messages(&loaded.id, Window { from, to: to.min(from + UNREAD_COUNTED) }).await?;
    rows.retain(|row| !blocks.hide(&row.message));
    Ok(rows)
}

/// Someone in a conversation.
pub struct Participant {
    user: UserId,
    member: Member,
    last_read: Option<MessageId>,
}

impl Participant {
    fn of(loaded: &Loaded, user: &UserId, member: &Member) -> Self {
        let seq = loaded.receipt(user).read_up_to;
        let last_read = (seq > 0).then(|| MessageId { conversation: loaded.id.clone(), seq });
        Self { user: user.clone(), member: member.clone(), last_read }
    }
}

#[Object]
impl Participant {
    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        known_user(ctx, &self.user).await
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
        self.last_read.as_ref().map(|id| id.to_string().into())
    }
}

/// A user who is named by a row; the platform may have forgotten them since.
pub async fn known_user(ctx: &Context<'_>, user: &UserId) -> Result<User> {
    let profile = reads(ctx)?.find_profile(user).await.map_err(api_error)?;
    Ok(User(profile.unwrap_or_else(|| Profile {
        user: user.clone(),
        username: "deleted".to_owned(),
        display_name: "Deleted user".to_owned(),
        avatar_url: None,
    })))
}

#[derive(SimpleObject)]
pub struct ParticipantConnection {
    pub nodes: Vec<Participant>,
    pub page_info: PageInfo,
}

#[derive(SimpleObject)]
pub struct ConversationConnection {
    pub nodes: Vec<Conversation>,
    pub page_info: PageInfo,
}

/// A page of a list that is in memory; cursors are the ids of what they stand behind.
pub struct ListPage {
    pub from: usize,
    pub count: usize,
    pub info: PageInfo,
}

impl ListPage {
    pub fn of(
        length: usize,
        first: i32,
        after: Option<&str>,
        cursor: impl Fn(usize) -> String,
    ) -> Result<Self> {
        let size = paging::size("first", Some(first)).map_err(api_error)?;
        let size = usize::try_from(size).unwrap_or(1);
        let from = match after {
            None => 0,
            Some(after) => {
                let found = (0..length).find(|at| cursor(*at) == after);
                found
                    .map(|at| at + 1)
                    .ok_or_else(|| api_error(Refusal::bad_input("after", "unknown cursor")))?
            }
        };
        let count = size.min(length - from);
        let info = PageInfo {
            has_next_page: from + count < length,
            has_previous_page: from > 0,
            start_cursor: (count > 0).then(|| cursor(from)),
            end_cursor: (count > 0).then(|| cursor(from + count - 1)),
        };
        Ok(Self { from, count, info })
    }
}
