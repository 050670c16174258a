//! Subscriptions: what they check, and the payload of one delivery. See [`crate::live`].
//!
//! Invariant: a field gives exactly the payload whose bit [`payloads`] sets.

pub mod events;
mod payloads;

use async_graphql::{Context, ID, Subscription as GraphqlSubscription};
use futures::{Stream, stream};
use schemas::code::Refusal;

use crate::conversation::Conversation;
use crate::ids::parse_id;
use crate::live::{CURSOR_PLACEHOLDER, Filter, Mode, Rendering};
use crate::message::Message;
use crate::message::pins::PinChange;
use crate::message::reactions::ReactionChange;
use crate::message::receipts::MessageReceipt;
use crate::people::presence::{self, UserPresence};
use crate::people::typing::TypingIndicator;
use crate::{Result, access, viewer};
use events::{InboxEvent, InboxFrame};
use payloads::{Payload, payload};

pub use payloads::payloads;

pub struct Subscription;

#[GraphqlSubscription]
impl Subscription {
    /// Everything that concerns the caller, resumable: give the last cursor seen. Without one,
    /// Drained comes at once, with a cursor. The one subscription that a client needs.
    async fn inbox(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
    ) -> Result<impl Stream<Item = InboxFrame> + use<>> {
        give(ctx, Filter::Inbox { after }, |payload, rendering| {
            let event = InboxEvent::of(payload.event.as_ref()?, payload.of, rendering)?;
            let has_cursor = !rendering.delivery.is_momentary();
            Some(InboxFrame { cursor: has_cursor.then(|| CURSOR_PLACEHOLDER.to_owned()), event })
        })
        .await
    }

    async fn message_received(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = Message> + use<>> {
        let filter = Filter::MessageReceived { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, rendering| {
            Some(Message::accepted(payload.of?, payload.received?, rendering))
        })
        .await
    }

    /// edits, deletions, previews, cards, expiry
    async fn message_updated(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = Message> + use<>> {
        let filter = Filter::MessageUpdated { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, rendering| {
            Some(Message::completed(payload.of?, payload.updated?, rendering))
        })
        .await
    }

    async fn message_delivered(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = MessageReceipt> + use<>> {
        let filter = Filter::MessageDelivered { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, _| Some(payload.delivered?.receipt(payload.of?))).await
    }

    async fn message_read(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = MessageReceipt> + use<>> {
        let filter = Filter::MessageRead { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, _| Some(payload.read?.receipt(payload.of?))).await
    }

    async fn typing_indicator(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = TypingIndicator> + use<>> {
        let filter = Filter::TypingIndicator { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, _| payload.typing.map(TypingIndicator::from)).await
    }

    async fn reaction_added(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = ReactionChange> + use<>> {
        let filter = Filter::ReactionAdded { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, _| {
            Some(ReactionChange::of(&payload.of?.conversation, payload.reaction_added?))
        })
        .await
    }

    async fn reaction_removed(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = ReactionChange> + use<>> {
        let filter = Filter::ReactionRemoved { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, _| {
            Some(ReactionChange::of(&payload.of?.conversation, payload.reaction_removed?))
        })
        .await
    }

    /// Of up to 1,000 users.
    async fn user_presence(
        &self,
        ctx: &Context<'_>,
        user_ids: Vec<ID>,
    ) -> Result<impl Stream<Item = UserPresence> + use<>> {
        let users = presence::named(&user_ids)?.into_iter().collect();
        give(ctx, Filter::UserPresence { users }, |payload, _| payload.presence.map(UserPresence::from)).await
    }

    /// pins that came and went
    async fn message_pinned(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
    ) -> Result<impl Stream<Item = PinChange> + use<>> {
        let filter = Filter::MessagePinned { conversation: parse_id(&conversation_id)? };
        give(ctx, filter, |payload, rendering| Some(payload.pin?.change(payload.of?, rendering))).await
    }

    async fn conversation_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Conversation> + use<>> {
        give(ctx, Filter::ConversationUpdated, |payload, _| payload.conversation.map(Conversation::named))
            .await
    }
}

/// Checks the viewer's right and leaves the filter behind, or gives the one payload, as the mode says.
async fn give<T>(
    ctx: &Context<'_>,
    filter: Filter,
    render: impl FnOnce(&Payload<'_>, &Rendering) -> Option<T>,
) -> Result<stream::Iter<std::option::IntoIter<T>>> {
    let unserved = || Refusal::bad_input("query", "subscriptions are served on sockets");
    let given = match ctx.data_opt::<Mode>().ok_or_else(unserved)? {
        Mode::Subscribe(left) => {
            viewer(ctx)?;
            if let Some(conversation) = filter.conversation() {
                access(ctx)?.visible(conversation).await?;
            }
            // One operation has one root field, so it is the first to answer.
            let _ = left.set(filter);
            None
        }
        Mode::Render(rendering) => render(&payload(&rendering.delivery), rendering),
    };
    Ok(stream::iter(given))
}
