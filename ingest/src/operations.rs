//! The mutations of the API, a file for each capability: input → facts → command.
//!
//! Invariant: a mutation is answered when its effect is durable and readable, or refused. What it read
//! before its command is forgotten when the command has run.

pub mod blocking;
pub mod creating;
pub mod deleting;
pub mod editing;
pub mod forwarding;
pub mod membership;
pub mod message_requests;
pub mod notifications;
pub mod organizing;
pub mod pinning;
pub mod polling;
pub mod preferences;
pub mod presence;
pub mod privacy;
pub mod push;
pub mod reacting;
pub mod receipts;
pub mod reporting;
pub mod scheduling;
pub mod sending;
pub mod settings;
pub mod stickers;
pub mod templating;
pub mod translating;
pub mod typing;
pub mod uploading;
pub mod voice;

use std::sync::Arc;

use async_graphql::{Context, ID};
use domain::features;
use futures::future::join_all;
use graphql::attachment::AttachmentRef;
use graphql::conversation::Conversation;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::message::Message;
use graphql::{Access, Result, Roles, TraceParent, access, viewer};
use schemas::charging::ChargeKind;
use schemas::flags::{Flag, Tier};
use schemas::operations::{AccountRequest, ConversationRequest};
use schemas::position::LogTime;
use schemas::{AttachmentId, ClientId, ConversationId, ErrorCode, MessageId, Refusal, UserId};
use tokio::time::Instant;

use crate::requests::{Completed, RequestKind};
use crate::{Asked, Ingest};

/// How long an account's memory of a client id is relied on: less than the day that it lasts, as the
/// clocks of ingest and log differ.
const REMEMBERED_MS: LogTime = 23 * 60 * 60 * 1_000;

/// The user who asks for a mutation, with what their request is run by.
struct Caller<'a> {
    ingest: &'a Arc<Ingest>,
    access: Access<'a>,
    trace: Option<&'a TraceParent>,
    /// As the token says.
    token_tier: Option<&'a Tier>,
    /// Of the service.
    roles: Roles,
    /// When the request came.
    at: Instant,
}

fn caller<'a>(ctx: &Context<'a>) -> Result<Caller<'a>> {
    let (access, viewer) = (access(ctx)?, viewer(ctx)?);
    let (token_tier, roles) = (viewer.tier.as_ref(), viewer.roles);
    let ingest = ctx.data_opt::<Arc<Ingest>>().ok_or_else(|| internal(&"a schema without an ingest"))?;
    Ok(Caller { ingest, access, trace: ctx.data_opt(), token_tier, roles, at: Instant::now() })
}

impl<'a> Caller<'a> {
    fn user(&self) -> &'a UserId {
        self.access.viewer
    }

    /// The id of a conversation that the caller is in.
    async fn member_of(&self, id: &ID) -> Result<ConversationId, Refusal> {
        let id = parse_id(id)?;
        self.access.visible(&id).await?;
        Ok(id)
    }

    fn asked(&self, kind: RequestKind) -> Asked<'a> {
        Asked { user: self.user(), kind, at: self.at, trace: self.trace, tier: None, roles: self.roles }
    }

    /// The caller's tier, for a request that a flag may switch.
    async fn tier(&self, switched_by: Option<Flag>) -> Option<Tier> {
        switched_by?;
        self.ingest.facts.tier(self.user(), self.token_tier).await
    }

    /// Runs a command of the caller's account.
    async fn run(&self, kind: RequestKind, request: impl Into<AccountRequest>) -> Result<Completed, Refusal> {
        let request = request.into();
        let tier = self.tier(features::of_account(&request).first().copied()).await;
        let asked = Asked { tier: tier.as_ref(), ..self.asked(kind) };
        let answer = self.ingest.run_on_account(asked, request).await;
        self.access.rights.clear();
        answer
    }

    /// Runs a command of the caller's account, and gives the answers to its parts. The command names the request of
    /// each part.
    async fn run_parts<R: Into<AccountRequest>>(
        &self,
        count: usize,
        command: impl FnOnce(&[i64]) -> R,
    ) -> Result<Vec<Result<Completed, Refusal>>, Refusal> {
        let parts = self.ingest.open_parts(self.user(), count)?;
        let requests: Vec<i64> = parts.iter().map(|part| part.reply().request).collect();
        self.run(RequestKind::Direct, command(&requests)).await?;
        let within = self.ingest.options.verdict_within;
        Ok(join_all(parts.into_iter().map(|part| part.answer(within))).await)
    }

    /// Runs a command of a conversation alone.
    async fn run_in(
        &self,
        conversation: &ConversationId,
        request: impl Into<ConversationRequest>,
    ) -> Result<(), Refusal> {
        let request = request.into();
        let tier = self.tier(features::of_conversation(&request).map(|(flag, _)| flag)).await;
        let asked = Asked { tier: tier.as_ref(), ..self.asked(RequestKind::Direct) };
        let answer = self.ingest.run_on_conversation(asked, conversation.clone(), request).await;
        self.access.rights.clear();
        answer
    }

    /// Runs a command that changes who is in a conversation.
    async fn change_members(
        &self,
        conversation: &ConversationId,
        request: impl Into<ConversationRequest>,
    ) -> Result<(), Refusal> {
        self.ingest.facts.will_change(conversation);
        self.run_in(conversation, request).await
    }

    /// Whether the caller's account remembers a first request with a client id for a conversation: it has
    /// been accepted, so that facts cannot deny it any more.
    async fn remembers(
        &self,
        kind: ChargeKind,
        id: &ClientId,
        conversation: &ConversationId,
    ) -> Result<bool, Refusal> {
        let now = self.ingest.clock.now();
        let first = self.ingest.rows.client_request(self.user(), id).await?;
        Ok(first.is_some_and(|first| {
            first.kind == kind
                && first.conversation == *conversation
                && now < first.at.saturating_add(REMEMBERED_MS)
        }))
    }

    /// A conversation as it is after a command; of one that the caller is not in, no more than what it is.
    async fn conversation(&self, id: &ConversationId) -> Result<Conversation, Refusal> {
        Ok(Conversation::seen(self.access.sight(id).await.map_err(done)?))
    }

    /// A message as it is after a command.
    async fn message(&self, id: &MessageId) -> Result<Message, Refusal> {
        let stored = self.ingest.rows.message(&id.conversation, id.seq).await.map_err(done)?;
        let stored = stored.ok_or_else(|| internal(&"a message has no row after its command"))?;
        Ok(Message::read(&id.conversation, stored))
    }
}

/// A file of the caller's own, as the API names it alone or in a message.
fn own_file(id: &ID) -> Result<AttachmentId, Refusal> {
    Ok(parse_id::<AttachmentRef>(id)?.attachment)
}

/// A command has run, and its effect cannot be read just now: UNAVAILABLE would say that nothing happened.
fn done(refusal: Refusal) -> Refusal {
    match refusal.code {
        ErrorCode::Unavailable => {
            Refusal::new(ErrorCode::OutcomePending, "done, and not readable just now; asking again is safe")
        }
        _ => refusal,
    }
}
