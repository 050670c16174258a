//! Subscriptions: what they check, and the payload of one event. See [`crate::live`].

use async_graphql::{
    Context, Enum, ID, Object, Result, SimpleObject, Subscription as GraphqlSubscription, Union,
};
use futures::{Stream, stream};
use schemas::conversation::MembersChanged;
use schemas::rows::Opened;
use schemas::{ConversationId, LogTime, MessageId, Refusal, UserId};

use crate::live::{CURSOR_PLACEHOLDER, Live, Mode, Topic};
use crate::types::conversation::Conversation;
use crate::types::message::{Message, MessageReceipt};
use crate::types::parse_id;
use crate::{api_error, reads, viewer};

pub struct Subscription;

/// cursor resumes on any node; null on ephemeral events (typing, presence), which are never replayed.
#[derive(SimpleObject)]
pub struct InboxFrame {
    cursor: Option<String>,
    event: InboxEvent,
}

#[derive(Union)]
pub enum InboxEvent {
    MessageCreated(MessageCreated),
    MessageChanged(MessageChanged),
    ConversationChanged(ConversationChanged),
    ReceiptAdvanced(ReceiptAdvanced),
    SendRejected(SendRejected),
    ResumeGap(ResumeGap),
    Drained(Drained),
}

#[derive(SimpleObject)]
pub struct MessageCreated {
    message: Message,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageChangeKind {
    Edited,
    Deleted,
    Hidden,
    Expired,
    PreviewAttached,
    AttachmentReady,
    CardUpdated,
    Translated,
}

#[derive(SimpleObject)]
pub struct MessageChanged {
    message: Message,
    change: MessageChangeKind,
}

pub struct ConversationChanged {
    conversation: Conversation,
    /// Those who are not in it any more.
    gone: Vec<UserId>,
}

#[Object]
impl ConversationChanged {
    async fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Whether the viewer is not in it any more.
    async fn left(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(!self.gone.is_empty() && self.gone.contains(&viewer(ctx)?.user))
    }
}

#[derive(SimpleObject)]
pub struct ReceiptAdvanced {
    receipt: MessageReceipt,
}

/// The outcome of a send whose mutation answered OUTCOME_PENDING.
pub struct SendRejected(schemas::account::SendRejected);

#[Object]
impl SendRejected {
    async fn client_message_id(&self) -> uuid::Uuid {
        self.0.client_id.uuid()
    }

    async fn code(&self) -> &'static str {
        self.0.refusal.code.as_str()
    }

    async fn detail(&self) -> &str {
        &self.0.refusal.detail
    }
}

/// The cursor is too old or of another epoch: fetch the conversations again, then go on from this
/// frame's cursor.
#[derive(SimpleObject)]
pub struct ResumeGap {
    reason: String,
}

/// Everything missed since the cursor has been sent; what follows is live.
#[derive(SimpleObject)]
pub struct Drained {
    replayed: i32,
}

#[GraphqlSubscription]
impl Subscription {
    /// Everything that concerns the caller, resumable: give the last cursor seen. Without one,
    /// Drained comes at once, with a cursor. The one subscription that a client needs.
    async fn inbox(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
    ) -> Result<impl Stream<Item = InboxFrame> + use<>> {
        let frame = |live: &Live| {
            Some(InboxFrame { cursor: Some(CURSOR_PLACEHOLDER.to_owned()), event: inbox_event(live) })
        };
        payload(ctx, Topic::Inbox { after }, frame)
    }

    async fn message_received(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = Message> + use<>> {
        let conversation = visible(ctx, &conversation_id).await?;
        payload(ctx, Topic::MessageReceived { conversation }, |live| match live {
            Live::Message { conversation, message } => Some(Message::of(conversation, message.clone())),
            _ => None,
        })
    }

    /// edits, deletions, previews, cards, expiry
    async fn message_updated(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = Message> + use<>> {
        let conversation = visible(ctx, &conversation_id).await?;
        payload(ctx, Topic::MessageUpdated { conversation }, |live| match live {
            Live::Deleted { conversation, message } => Some(Message::of(conversation, message.clone())),
            _ => None,
        })
    }

    async fn conversation_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Conversation> + use<>> {
        payload(ctx, Topic::ConversationUpdated, |live| match live {
            Live::Opened { conversation, at, opened } => Some(opened_conversation(conversation, *at, opened)),
            Live::Members { conversation, changed } => Some(changed_conversation(conversation, changed)),
            Live::Message { conversation, .. }
            | Live::Deleted { conversation, .. }
            | Live::Receipt { conversation, .. } => Some(Conversation::named(conversation.clone(), None)),
            _ => None,
        })
    }
}

/// The conversation that is subscribed to, if the viewer may see it then.
async fn visible(ctx: &Context<'_>, id: &ID) -> Result<ConversationId> {
    let conversation: ConversationId = parse_id(id)?;
    if matches!(mode(ctx)?, Mode::Subscribe(_)) {
        let me = &viewer(ctx)?.user;
        reads(ctx)?.visible(me, &conversation).await.map_err(api_error)?;
    }
    Ok(conversation)
}

fn mode<'a>(ctx: &Context<'a>) -> Result<&'a Mode> {
    let unserved = || api_error(Refusal::bad_input("query", "subscriptions are served on sockets"));
    ctx.data::<Mode>().map_err(|_| unserved())
}

/// Leaves the topic behind, or gives the one payload, as the mode says.
fn payload<T>(
    ctx: &Context<'_>,
    topic: Topic,
    render: impl FnOnce(&Live) -> Option<T>,
) -> Result<stream::Iter<std::option::IntoIter<T>>> {
    let payload = match mode(ctx)? {
        Mode::Subscribe(asked) => {
            viewer(ctx)?;
            // One operation has one root field, so it is the first to answer.
            let _ = asked.set(topic);
            None
        }
        Mode::Render(live) => render(live),
    };
    Ok(stream::iter(payload))
}

fn inbox_event(live: &Live) -> InboxEvent {
    match live {
        Live::Message { conversation, message } => {
            InboxEvent::MessageCreated(MessageCreated { message: Message::of(conversation, message.clone()) })
        }
        Live::Deleted { conversation, message } => InboxEvent::MessageChanged(MessageChanged {
            message: Message::of(conversation, message.clone()),
            change: MessageChangeKind::Deleted,
        }),
        Live::Members { conversation, changed } => {
            let gone = changed
                .members
                .iter()
                .filter(|member| member.stays.last().is_none_or(|last| last.to.is_some()));
            InboxEvent::ConversationChanged(ConversationChanged {
                conversation: changed_conversation(conversation, changed),
                gone: gone.map(|member| member.user.clone()).collect(),
            })
        }
        Live::Opened { conversation, at, opened } => InboxEvent::ConversationChanged(ConversationChanged {
            conversation: opened_conversation(conversation, *at, opened),
            gone: vec![],
        }),
        Live::Receipt { conversation, at, receipt } => {
            let message = MessageId { conversation: conversation.clone(), seq: receipt.read_up_to };
            let receipt = MessageReceipt { message, user: receipt.user.clone(), read_at: Some(*at) };
            InboxEvent::ReceiptAdvanced(ReceiptAdvanced { receipt })
        }
        Live::SendRejected(rejected) => InboxEvent::SendRejected(SendRejected(rejected.clone())),
        Live::ResumeGap { reason } => InboxEvent::ResumeGap(ResumeGap { reason: reason.clone() }),
        Live::Drained { replayed } => InboxEvent::Drained(Drained { replayed: *replayed }),
    }
}

fn changed_conversation(id: &ConversationId, changed: &MembersChanged) -> Conversation {
    let opened = Opened {
        kind: changed.kind,
        title: changed.title.clone(),
        by: changed.created_by.clone(),
        at: changed.created_at,
        charge: -1,
    };
    Conversation::named(id.clone(), Some(opened))
}

fn opened_conversation(
    id: &ConversationId,
    at: LogTime,
    opened: &schemas::conversation::ConversationOpened,
) -> Conversation {
    let opened = Opened {
        kind: opened.kind,
        title: opened.title.clone(),
        by: opened.created_by.clone(),
        at,
        charge: -1,
    };
    Conversation::named(id.clone(), Some(opened))
}
