//! Mutations.

use std::sync::Arc;

use async_graphql::{Context, ErrorExtensions, ID, InputObject, Object, Result};
use schemas::conversation::ConversationKind as Kind;
use schemas::{ClientId, ConversationId, ErrorCode, MessageId, Refusal};
use uuid::Uuid;

use crate::commands::{Commands, Create, Send};
use crate::live::Mode;
use crate::types::conversation::{Conversation, ConversationKind};
use crate::types::message::Message;
use crate::types::parse_id;
use crate::{api_error, reads, viewer};

pub struct Mutation;

#[derive(Debug, InputObject)]
pub struct CreateConversationInput {
    kind: ConversationKind,
    participant_ids: Vec<ID>,
    title: Option<String>,
    client_conversation_id: Uuid,
}

#[derive(Debug, InputObject)]
pub struct SendMessageInput {
    conversation_id: ID,
    /// Chosen by the client, once per message. Sending it again within 24 hours returns the first
    /// outcome and charges nothing.
    client_message_id: Uuid,
    content: Option<String>,
    reply_to_id: Option<ID>,
}

#[Object]
impl Mutation {
    async fn create_conversation(
        &self,
        ctx: &Context<'_>,
        input: CreateConversationInput,
    ) -> Result<Conversation> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let kind = match input.kind {
            ConversationKind::Direct => Kind::Direct,
            ConversationKind::Group => Kind::Group,
            ConversationKind::Channel | ConversationKind::Broadcast => {
                return Err(api_error(Refusal::bad_input("kind", "only DIRECT and GROUP are created so")));
            }
        };
        let create = Create {
            kind,
            participants: input.participant_ids.iter().map(parse_id).collect::<Result<_>>()?,
            title: input.title,
            client_id: input.client_conversation_id.into(),
        };
        let id = commands(ctx)?.create_conversation(me, create).await.map_err(api_error)?;
        let loaded = reads(ctx)?.visible(me, &id).await.map_err(unread).map_err(api_error)?;
        Ok(Conversation::loaded(loaded))
    }

    async fn send_message(&self, ctx: &Context<'_>, input: SendMessageInput) -> Result<Message> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let client_id = ClientId::from(input.client_message_id);
        let send = Send {
            conversation: parse_id(&input.conversation_id)?,
            client_id: client_id.clone(),
            content: input.content.unwrap_or_default(),
            reply_to: input.reply_to_id.as_ref().map(parse_id).transpose()?,
        };
        let pending = |refusal: Refusal| {
            let pending = refusal.code == ErrorCode::OutcomePending;
            api_error(refusal).extend_with(|_, extensions| {
                if pending {
                    extensions.set("clientMessageId", client_id.to_string());
                }
            })
        };
        let id = commands(ctx)?.send_message(me, send).await.map_err(pending)?;
        let read = reads(ctx)?.message(&id.conversation, id.seq).await;
        Ok(Message::stored(read.map_err(unread).map_err(pending)?))
    }

    async fn mark_read(&self, ctx: &Context<'_>, conversation_id: ID, up_to_message_id: ID) -> Result<bool> {
        let me = &viewer(ctx)?.user;
        let up_to: MessageId = parse_id(&up_to_message_id)?;
        if up_to.conversation != parse_id(&conversation_id)? {
            return Err(api_error(Refusal::bad_input("upToMessageId", "a message of another conversation")));
        }
        commands(ctx)?.mark_read(me, up_to).await.map_err(api_error)?;
        Ok(true)
    }

    async fn add_participants(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        user_ids: Vec<ID>,
    ) -> Result<Conversation> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        let people = user_ids.iter().map(parse_id).collect::<Result<_>>()?;
        commands(ctx)?.add_participants(me, &id, people).await.map_err(api_error)?;
        let loaded = reads(ctx)?.visible(me, &id).await.map_err(unread).map_err(api_error)?;
        Ok(Conversation::loaded(loaded))
    }

    async fn remove_participant(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        user_id: ID,
    ) -> Result<Conversation> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        commands(ctx)?.remove_participant(me, &id, &parse_id(&user_id)?).await.map_err(api_error)?;
        Ok(Conversation::named(id, None))
    }

    async fn leave_conversation(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<bool> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        commands(ctx)?.remove_participant(me, &id, me).await.map_err(api_error)?;
        Ok(true)
    }

    /// The sender's own at any time, anyone's by the owner of a group. A stub stays.
    async fn delete_message(&self, ctx: &Context<'_>, message_id: ID) -> Result<Message> {
        let me = &viewer(ctx)?.user;
        over_http(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        commands(ctx)?.delete_message(me, &id).await.map_err(api_error)?;
        let row = reads(ctx)?.message(&id.conversation, id.seq).await.map_err(unread).map_err(api_error)?;
        Ok(Message::stored(row))
    }

    async fn block_user(&self, ctx: &Context<'_>, user_id: ID) -> Result<bool> {
        set_block(ctx, &user_id, true).await
    }

    async fn unblock_user(&self, ctx: &Context<'_>, user_id: ID) -> Result<bool> {
        set_block(ctx, &user_id, false).await
    }
}

async fn set_block(ctx: &Context<'_>, user_id: &ID, blocked: bool) -> Result<bool> {
    let me = &viewer(ctx)?.user;
    over_http(ctx)?;
    commands(ctx)?.set_block(me, &parse_id(user_id)?, blocked).await.map_err(api_error)?;
    Ok(true)
}

/// What was asked for is done, and cannot be read just now: UNAVAILABLE would say that it is not.
fn unread(refusal: Refusal) -> Refusal {
    match refusal.code {
        ErrorCode::Unavailable => {
            Refusal::new(ErrorCode::OutcomePending, "done, and not readable just now; asking again is safe")
        }
        _ => refusal,
    }
}

fn commands<'a>(ctx: &Context<'a>) -> Result<&'a Arc<dyn Commands>> {
    ctx.data::<Arc<dyn Commands>>()
}

/// Sockets serve what is brief and frequent; everything else goes over HTTP.
fn over_http(ctx: &Context<'_>) -> Result<()> {
    match ctx.data_opt::<Mode>() {
        None => Ok(()),
        Some(_) => Err(api_error(Refusal::new(ErrorCode::Forbidden, "not served on sockets: use HTTP"))),
    }
}
