//! Membership of a group: adding, removing, leaving.

use async_graphql::{Context, ID, Object};
use domain::conversation::check_room;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::ids::parse_id;
use schemas::membership::{AddMembers, RemoveMember};
use schemas::{ConversationId, Refusal, UserId};

use super::{Caller, caller};

#[derive(Default)]
pub struct Membership;

#[Object]
impl Membership {
    async fn add_participants(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        user_ids: Vec<ID>,
    ) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        let people = user_ids.iter().map(parse_id).collect::<Result<_, _>>()?;
        caller.add(&id, people).await?;
        Ok(caller.conversation(&id).await?)
    }

    async fn remove_participant(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        user_id: ID,
    ) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        caller.remove(&id, &parse_id(&user_id)?).await?;
        Ok(caller.conversation(&id).await?)
    }

    async fn leave_conversation(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        caller.remove(&parse_id(&conversation_id)?, caller.user()).await?;
        Ok(true)
    }
}

impl Caller<'_> {
    async fn add(&self, id: &ConversationId, people: Vec<UserId>) -> Result<(), Refusal> {
        self.access.visible(id).await?;
        let facts = &self.ingest.facts;
        let actor = facts.profile(self.user()).await?;
        let people = facts.people("userIds", people).await?;
        let count = i32::try_from(people.len()).unwrap_or(i32::MAX);
        self.ingest.policy.check(|policy| check_room(count, &policy.limits)).await?;
        facts.will_change(id);
        self.run_in(id, AddMembers { actor, people }).await
    }

    async fn remove(&self, id: &ConversationId, person: &UserId) -> Result<(), Refusal> {
        self.access.visible(id).await?;
        let facts = &self.ingest.facts;
        let actor = facts.profile(self.user()).await?;
        let person = self.access.reads.profile(person).await?;
        facts.will_change(id);
        self.run_in(id, RemoveMember { actor, person }).await
    }
}
