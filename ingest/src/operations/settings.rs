//! Changing the settings of a group.

use async_graphql::{Context, ID, Object};
use domain::account::embedded_file;
use domain::conversation::check_settings;
use domain::text;
use graphql::Result;
use graphql::conversation::Conversation;
use schemas::Refusal;
use schemas::attaching::AttachedFile;
use schemas::settings::UpdateConversation;

use super::{Caller, caller, own_file};

#[derive(Default)]
pub struct Settings;

/// An image of the caller's own that is ready.
async fn avatar(caller: &Caller<'_>, id: &ID) -> Result<AttachedFile, Refusal> {
    let id = own_file(id)?;
    let row = caller.access.reads.attachment(caller.user(), &id).await?;
    let file = embedded_file(caller.user(), &id, &row)?;
    if file.file.has_thumbnail {
        Ok(file)
    } else {
        Err(Refusal::bad_input("avatarAttachmentId", "an avatar is an image"))
    }
}

#[Object]
impl Settings {
    /// By the owner and moderators of a group. What is absent stays; an empty description removes it. The image is
    /// one of the caller's own attachments.
    async fn update_conversation(
        &self,
        ctx: &Context<'_>,
        id: ID,
        title: Option<String>,
        description: Option<String>,
        announcements_only: Option<bool>,
        avatar_attachment_id: Option<ID>,
    ) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&id).await?;
        let actor = caller.ingest.facts.profile(caller.user()).await?;
        let title = title.map(|title| text::normalise(&title));
        let avatar = match avatar_attachment_id {
            Some(id) => Some(Box::new(avatar(&caller, &id).await?)),
            None => None,
        };
        let description = description.map(|description| text::normalise(&description));
        let update = UpdateConversation { actor, title, description, announcements_only, avatar };
        check_settings(&update)?;
        caller.run_in(&id, update).await?;
        Ok(caller.conversation(&id).await?)
    }
}
