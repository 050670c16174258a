//! Membership of a group: adding, removing, leaving.

use async_graphql::{Context, ID, Object};
use domain::conversation::check_room;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::conversation::kinds::ParticipantRole;
use graphql::ids::parse_id;
use schemas::membership::{AddMembers, RemoveMember, SetRole};
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

    /// By the owner. Who makes another member the owner is a moderator then.
    async fn set_participant_role(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        user_id: ID,
        role: ParticipantRole,
    ) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&conversation_id).await?;
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        let person = caller.access.reads.profile(&parse_id(&user_id)?).await?;
        caller.change_members(&id, SetRole { actor, person, role: role.into() }).await?;
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
        let profiles = facts.people("userIds", people.clone()).await?;
        let count = i32::try_from(profiles.len()).unwrap_or(i32::MAX);
        self.ingest.policy.check(|policy| check_room(count, &policy.limits)).await?;
        facts.reachable(self.user(), &people).await?;
        let there = self.ingest.rows.conversation(id).await?.people;
        let is_new = |user: &&UserId| !there.present().iter().any(|(other, _)| other == user);
        let coming: Vec<UserId> = people.iter().filter(is_new).cloned().collect();
        let requests = facts.reach(self.user(), &coming).await?;
        self.change_members(id, AddMembers { actor, people: profiles, requests }).await
    }

    async fn remove(&self, id: &ConversationId, person: &UserId) -> Result<(), Refusal> {
        self.access.visible(id).await?;
        let actor = self.ingest.facts.profile(self.user()).await?;
        let person = self.access.reads.profile(person).await?;
        self.change_members(id, RemoveMember { actor, person }).await
    }
}
