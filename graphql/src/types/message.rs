//! Messages, their state among those who receive them, and pages of them.
//!
//! Invariant: what an event carries of a message is answered from it, without a table or a viewer.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use schemas::conversation::{self, Content, NoteKind, ReplyStub};
use schemas::people::Profile;
use schemas::position::LogTime;
use schemas::tables::views::MessageRow;
use schemas::{ClientId, ConversationId, MessageId, Refusal, UserId};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::paging::PageInfo;
use crate::reads::Loaded;
use crate::scalars::DateTime;
use crate::types::conversation::{Conversation, known_user};
use crate::types::user::User;
use crate::{api_error, reads, viewer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageContentType {
    Text,
    Image,
    File,
    Voice,
    Gif,
    Sticker,
    Workout,
    Achievement,
    Challenge,
    Profile,
    Poll,
    System,
    Encrypted,
    Assignment,
    PhotoRequest,
    FormCheck,
    NutritionPlan,
    CheckIn,
}

/// Seen by the sender: SENT until every recipient has it, then DELIVERED, then READ when every
/// recipient has read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageStatus {
    Sent,
    Delivered,
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum SystemEventKind {
    Created,
    Added,
    Joined,
    Left,
    Removed,
    Renamed,
    RoleChanged,
    OwnerChanged,
    SettingsChanged,
    Pinned,
    DisappearingChanged,
}

impl From<NoteKind> for SystemEventKind {
    fn from(kind: NoteKind) -> Self {
        match kind {
            NoteKind::Added => Self::Added,
            NoteKind::Left => Self::Left,
            NoteKind::Removed => Self::Removed,
        }
    }
}

/// What a system message tells.
#[derive(SimpleObject)]
pub struct SystemEvent {
    kind: SystemEventKind,
    actor: User,
    targets: Vec<User>,
    value: Option<String>,
}

pub struct Message {
    id: MessageId,
    at: LogTime,
    sender: Profile,
    content: Option<Content>,
    /// What a reply's stub does not carry; read when it is asked for.
    whole: OnceCell<Arc<conversation::Message>>,
    people: OnceCell<Loaded>,
}

impl Message {
    /// As its row or its event says.
    pub fn of(conversation: &ConversationId, message: conversation::Message) -> Self {
        Self {
            id: MessageId { conversation: conversation.clone(), seq: message.seq },
            at: message.sent_at,
            sender: message.sender.clone(),
            content: message.content.clone(),
            whole: OnceCell::new_with(Some(Arc::new(message))),
            people: OnceCell::new(),
        }
    }

    pub fn stored(row: MessageRow) -> Self {
        Self::of(&row.conversation, row.message)
    }

    fn parent(conversation: &ConversationId, stub: ReplyStub) -> Self {
        Self {
            id: MessageId { conversation: conversation.clone(), seq: stub.seq },
            at: stub.created_at,
            sender: stub.sender,
            content: stub.content,
            whole: OnceCell::new(),
            people: OnceCell::new(),
        }
    }

    async fn whole(&self, ctx: &Context<'_>) -> Result<&conversation::Message> {
        let reads = reads(ctx)?;
        let read = || async {
            let row = reads.message(&self.id.conversation, self.id.seq).await?;
            Ok(Arc::new(row.message))
        };
        Ok(self.whole.get_or_try_init(read).await.map_err(api_error)?)
    }

    async fn people(&self, ctx: &Context<'_>) -> Result<&Loaded> {
        let reads = reads(ctx)?;
        self.people.get_or_try_init(|| reads.load(&self.id.conversation)).await.map_err(api_error)
    }

    /// Present members other than the sender, with how far each has read; of those between whom and
    /// the viewer a block stands nothing is told, and nothing to a viewer who is gone.
    async fn recipients(&self, ctx: &Context<'_>) -> Result<Vec<(UserId, i64, LogTime)>> {
        let me = &viewer(ctx)?.user;
        let people = self.people(ctx).await?;
        if people.seen_by(me).is_err() {
            return Ok(vec![]);
        }
        let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
        let others = people
            .present()
            .into_iter()
            .filter(|(user, _)| **user != self.sender.user && !blocks.stand_between(user));
        Ok(others
            .map(|(user, _)| {
                let receipt = people.receipt(user);
                (user.clone(), receipt.read_up_to, receipt.read_at)
            })
            .collect())
    }

    async fn readers(&self, ctx: &Context<'_>) -> Result<Vec<MessageReceipt>> {
        let readers = self.recipients(ctx).await?.into_iter().filter(|(_, read, _)| *read >= self.id.seq);
        let receipt = |(user, _, at)| MessageReceipt { message: self.id.clone(), user, read_at: Some(at) };
        Ok(readers.map(receipt).collect())
    }
}

#[Object]
impl Message {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    async fn conversation_id(&self) -> ID {
        self.id.conversation.as_str().into()
    }

    async fn conversation(&self) -> Conversation {
        // Whoever has left since still gets the message; the conversation tells them no more than what
        // it is.
        Conversation::named(self.id.conversation.clone(), None)
    }

    async fn sender(&self) -> User {
        User(self.sender.clone())
    }

    /// 1, 2, 3 ... in the conversation, without gap
    async fn seq(&self) -> i64 {
        self.id.seq
    }

    async fn client_message_id(&self, ctx: &Context<'_>) -> Result<Option<Uuid>> {
        Ok(self.whole(ctx).await?.client_id.as_ref().map(ClientId::uuid))
    }

    async fn content_type(&self, ctx: &Context<'_>) -> Result<MessageContentType> {
        let is_note = self.whole(ctx).await?.note.is_some();
        Ok(if is_note { MessageContentType::System } else { MessageContentType::Text })
    }

    /// as written, never HTML; null once deleted or expired
    async fn content(&self) -> Option<&str> {
        self.content.as_ref().map(|content| content.text.as_str())
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.at)
    }

    async fn deleted_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.whole(ctx).await?.deleted_at.map(DateTime))
    }

    /// A deleted parent stays as a stub; one that the viewer may not see is null.
    async fn reply_to(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        match self.whole(ctx).await?.reply_to.clone() {
            None => Ok(None),
            // From an event, which the fan-out gives without it to whoever may not see it.
            Some(carried) if carried.content.is_some() => {
                Ok(Some(Self::parent(&self.id.conversation, carried)))
            }
            Some(stub) => {
                let me = &viewer(ctx)?.user;
                let seen = reads(ctx)?.seen_message(me, &self.id.conversation, stub.seq).await;
                Ok(seen.map_err(api_error)?.map(Self::stored))
            }
        }
    }

    async fn mentions(&self, ctx: &Context<'_>) -> Result<Vec<User>> {
        Ok(self.whole(ctx).await?.mentions.people.iter().cloned().map(User).collect())
    }

    async fn mentions_all(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.whole(ctx).await?.mentions.all)
    }

    /// What happened, where the conversation itself speaks.
    async fn system(&self, ctx: &Context<'_>) -> Result<Option<SystemEvent>> {
        let whole = self.whole(ctx).await?;
        Ok(whole.note.as_ref().map(|note| SystemEvent {
            kind: note.kind.into(),
            actor: User(whole.sender.clone()),
            targets: note.targets.iter().cloned().map(User).collect(),
            value: None,
        }))
    }

    async fn status(&self, ctx: &Context<'_>) -> Result<MessageStatus> {
        let recipients = self.recipients(ctx).await?;
        let read = !recipients.is_empty() && recipients.iter().all(|(_, read, _)| *read >= self.id.seq);
        // Reading implies delivery, and is all that is known of it.
        Ok(if read { MessageStatus::Read } else { MessageStatus::Sent })
    }

    async fn delivered_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<ID>,
    ) -> Result<Vec<MessageReceipt>> {
        receipts_page(self.readers(ctx).await?, first, after)
    }

    async fn read_by(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<ID>,
    ) -> Result<Vec<MessageReceipt>> {
        receipts_page(self.readers(ctx).await?, first, after)
    }

    /// "Read by 3 of 5": readByCount of recipientCount
    async fn read_by_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(i32::try_from(self.readers(ctx).await?.len()).unwrap_or(i32::MAX))
    }

    async fn recipient_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(self.whole(ctx).await?.recipients)
    }
}

/// A page of receipts; the cursor is the id of the user that it stands behind.
fn receipts_page(all: Vec<MessageReceipt>, first: i32, after: Option<ID>) -> Result<Vec<MessageReceipt>> {
    let count = crate::paging::size("first", Some(first)).map_err(api_error)?;
    let from = match after {
        None => 0,
        Some(after) => {
            let found = all.iter().position(|receipt| receipt.user.as_str() == after.as_str());
            found.map(|at| at + 1).ok_or_else(|| api_error(Refusal::bad_input("after", "unknown cursor")))?
        }
    };
    Ok(all.into_iter().skip(from).take(usize::try_from(count).unwrap_or(1)).collect())
}

/// How far one user is with one message.
pub struct MessageReceipt {
    pub message: MessageId,
    pub user: UserId,
    pub read_at: Option<LogTime>,
}

#[Object]
impl MessageReceipt {
    async fn message_id(&self) -> ID {
        self.message.to_string().into()
    }

    async fn conversation_id(&self) -> ID {
        self.message.conversation.as_str().into()
    }

    async fn user(&self, ctx: &Context<'_>) -> Result<User> {
        known_user(ctx, &self.user).await
    }

    /// Reading implies delivery.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.read_at.map(DateTime)
    }

    async fn read_at(&self) -> Option<DateTime> {
        self.read_at.map(DateTime)
    }
}

#[derive(SimpleObject)]
pub struct MessageConnection {
    pub nodes: Vec<Message>,
    pub page_info: PageInfo,
}
