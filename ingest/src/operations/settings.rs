//! Changing the settings of a group.

use async_graphql::{Context, ID, Object};
use domain::conversation::check_settings;
use domain::text;
use graphql::Result;
use graphql::conversation::Conversation;
use schemas::settings::UpdateConversation;

use super::caller;

#[derive(Default)]
pub struct Settings;

#[Object]
impl Settings {
    /// By the owner and moderators of a group. What is absent stays; an empty description removes it.
    async fn update_conversation(
        &self,
        ctx: &Context<'_>,
        id: ID,
        title: Option<String>,
        description: Option<String>,
        announcements_only: Option<bool>,
    ) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&id).await?;
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        let title = title.map(|title| text::normalise(&title));
        let description = description.map(|description| text::normalise(&description));
        let update = UpdateConversation { actor, title, description, announcements_only };
        check_settings(&update)?;
        caller.run_in(&id, update).await?;
        Ok(caller.conversation(&id).await?)
    }
}
