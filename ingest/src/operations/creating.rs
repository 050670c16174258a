//! Creating a conversation.
//!
//! Invariant: a repeated client id gives the first outcome, also where a participant has vanished since.

use async_graphql::{Context, ID, InputObject, Object};
use domain::account::{self, conversation_id};
use domain::conversation::check_room;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::conversation::kinds::ConversationKind;
use graphql::ids::parse_id;
use schemas::charging::ChargeKind;
use schemas::creating::{self, CreateConversation};
use schemas::{ErrorCode, Refusal, UserId};
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
        let create = CreateConversation {
            kind,
            participants,
            title: title.filter(|title| !domain::text::is_blank(title)),
            client_id: input.client_conversation_id.into(),
        };
        let id = conversation_id(self.user(), &create);
        if let Err(denied) = self.check_creation(&create).await {
            let first = match denied.code {
                ErrorCode::NotFound | ErrorCode::BadUserInput | ErrorCode::GroupFull => {
                    self.remembered(ChargeKind::Create, &create.client_id).await?
                }
                _ => None,
            };
            if first.is_none_or(|first| first.conversation != id) {
                return Err(denied);
            }
        }
        self.run(RequestKind::Create, create).await?;
        self.conversation(&id).await
    }

    /// Refuses what no policy allows, or what names a user who is not there.
    async fn check_creation(&self, create: &CreateConversation) -> Result<(), Refusal> {
        account::check_creation(self.user(), create)?;
        if create.kind == creating::ConversationKind::Group {
            let members = i32::try_from(create.participants.len() + 1).unwrap_or(i32::MAX);
            self.ingest.policy.check(|policy| check_room(members, &policy.limits)).await?;
        }
        self.ingest.facts.people("participantIds", create.participants.clone()).await.map(drop)
    }
}
