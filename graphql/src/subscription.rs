//! Subscriptions: what they check, and the payload of one event. See [`crate::live`].

use async_graphql::{Context, ID, Object, Result, SimpleObject, Subscription as GraphqlSubscription, Union};
use futures::{Stream, stream};
use schemas::rows::Opened;
use schemas::{ConversationId, LogTime, MessageId, Refusal};

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

#[derive(SimpleObject)]
pub struct ConversationChanged {
    conversation: Conversation,
    left: bool,
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
        let conversation: ConversationId = parse_id(&conversation_id)?;
        if matches!(mode(ctx)?, Mode::Subscribe(_)) {
            let me = &viewer(ctx)?.user;
            reads(ctx)?.visible(me, &conversation).await.map_err(api_error)?;
        }
        payload(ctx, Topic::MessageReceived { conversation }, |live| match live {
            Live::Message { conversation, at, posted } => Some(Message::posted(conversation, *at, posted)),
            _ => None,
        })
    }

    async fn conversation_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Conversation> + use<>> {
        payload(ctx, Topic::ConversationUpdated, |live| match live {
            Live::Opened { conversation, at, opened } => Some(opened_conversation(conversation, *at, opened)),
            Live::Message { conversation, .. } | Live::Receipt { conversation, .. } => {
                Some(Conversation::named(conversation.clone(), None))
            }
            _ => None,
        })
    }
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
        Live::Message { conversation, at, posted } => {
            InboxEvent::MessageCreated(MessageCreated { message: Message::posted(conversation, *at, posted) })
        }
        Live::Opened { conversation, at, opened } => InboxEvent::ConversationChanged(ConversationChanged {
            conversation: opened_conversation(conversation, *at, opened),
            left: false,
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
