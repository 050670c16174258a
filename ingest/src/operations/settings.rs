//! Changing the settings of a group.

use async_graphql::{Context, ID, Object};
use domain::text;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::ids::parse_id;
use schemas::ConversationId;
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
        let id: ConversationId = parse_id(&id)?;
        caller.access.visible(&id).await?;
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        let title = title.map(|title| text::normalise(&title));
        title.as_ref().map_or(Ok(()), |title| text::check("title", title, text::TITLE_CHARACTERS))?;
        let description = description.map(|description| text::normalise(&description));
        let described = description.as_ref().filter(|description| !description.is_empty());
        described.map_or(Ok(()), |words| text::check("description", words, text::DESCRIPTION_CHARACTERS))?;
        caller.run_in(&id, UpdateConversation { actor, title, description, announcements_only }).await?;
        Ok(caller.conversation(&id).await?)
    }
}
