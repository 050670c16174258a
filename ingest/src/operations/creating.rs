//! Creating a conversation.
//!
//! Invariants: a repeated client id gives the first outcome, also where a participant has vanished or blocked
//! the caller since; no block stands between the caller and a participant of a new conversation.

use async_graphql::{Context, ID, InputObject, Object};
use domain::account;
use domain::conversation::check_room;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::conversation::kinds::ConversationKind;
use graphql::ids::parse_id;
use schemas::charging::ChargeKind;
use schemas::creating::{self, CreateConversation};
use schemas::message_requests::AcceptRequest;
use schemas::{ConversationId, ErrorCode, Refusal, UserId};
use uuid::Uuid;

use super::{Caller, caller};
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Creating;

#[derive(Debug, InputObject)]
pub struct CreateConversationInput {
    kind: ConversationKind,
    participant_ids: Vec<ID>,
    title: Option<String>,
    client_conversation_id: Uuid,
}

#[Object]
impl Creating {
    async fn create_conversation(
        &self,
        ctx: &Context<'_>,
        input: CreateConversationInput,
    ) -> Result<Conversation> {
        Ok(caller(ctx)?.create(input).await?)
    }
}

impl Caller<'_> {
    async fn create(&self, input: CreateConversationInput) -> Result<Conversation, Refusal> {
        let kind = match input.kind {
            ConversationKind::Direct => creating::ConversationKind::Direct,
            ConversationKind::Group => creating::ConversationKind::Group,
            ConversationKind::Channel | ConversationKind::Broadcast => {
                return Err(Refusal::bad_input("kind", "only DIRECT and GROUP can be created here"));
            }
        };
        let facts = &self.ingest.facts;
        facts.profile(self.user()).await?;
        let mut participants: Vec<UserId> =
            input.participant_ids.iter().map(parse_id).collect::<Result<_, _>>()?;
        participants.retain(|user| user != self.user());
        participants.sort();
        participants.dedup();
        let title = input.title.map(|title| domain::text::normalise(&title));
        let (ids, client_id) = (&self.access.reads.ids, input.client_conversation_id.into());
        let id = match kind {
            creating::ConversationKind::Direct => {
                ids.direct(self.user(), participants.first().unwrap_or(self.user()))
            }
            creating::ConversationKind::Group => ids.created(self.user(), &client_id),
        };
        let is_direct = kind == creating::ConversationKind::Direct;
        if is_direct && self.is_asked(&id).await? {
            // Who was asked, and writes to who asks, accepts.
            self.change_members(&id, AcceptRequest { user: self.user().clone() }).await?;
        }
        let mut create = CreateConversation {
            conversation: id.clone(),
            kind,
            participants,
            requests: vec![],
            title: title.filter(|title| !domain::text::is_blank(title)),
            client_id,
        };
        match self.check_creation(&create).await {
            Ok(requests) => create.requests = requests,
            Err(denied) => {
                let is_known = match denied.code {
                    ErrorCode::NotFound
                    | ErrorCode::Blocked
                    | ErrorCode::RecipientUnavailable
                    | ErrorCode::BadUserInput
                    | ErrorCode::GroupFull => {
                        self.remembers(ChargeKind::Create, &create.client_id, &id).await?
                    }
                    _ => false,
                };
                if !is_known {
                    return Err(denied);
                }
            }
        }
        self.run(RequestKind::Counted, create).await?;
        self.conversation(&id).await
    }

    /// Whether a conversation is a request to the caller, open or declined.
    async fn is_asked(&self, id: &ConversationId) -> Result<bool, Refusal> {
        let member = self.ingest.rows.member(id, self.user()).await?.value.member;
        Ok(member.is_some_and(|member| member.request.is_some()))
    }

    /// Refuses what no policy allows, or what names a user who is not there or cannot be reached. Gives the users
    /// whom a request alone may reach.
    async fn check_creation(&self, create: &CreateConversation) -> Result<Vec<UserId>, Refusal> {
        account::check_creation(self.user(), create)?;
        if create.kind == creating::ConversationKind::Group {
            let members = i32::try_from(create.participants.len() + 1).unwrap_or(i32::MAX);
            self.ingest.policy.check(|policy| check_room(members, &policy.limits)).await?;
        }
        let facts = &self.ingest.facts;
        facts.people("participantIds", create.participants.clone()).await?;
        facts.reachable(self.user(), &create.participants).await?;
        let is_direct = create.kind == creating::ConversationKind::Direct;
        if is_direct && self.access.sight(&create.conversation).await?.interval().is_ok() {
            // A pair's conversation is there already: creating it again asks nobody.
            return Ok(vec![]);
        }
        facts.reach(self.user(), &create.participants).await
    }
}
