//! How the caller keeps their conversations.

use async_graphql::{Context, ID, Object};
use domain::account::check_labels;
use domain::text;
use graphql::Result;
use graphql::conversation::Conversation;
use graphql::conversation::organizing::NotificationLevel;
use graphql::ids::parse_id;
use graphql::scalars::DateTime;
use schemas::ConversationId;
use schemas::control::Policy;
use schemas::organizing::{OrganizeConversation, Organized, SaveDraft};
use schemas::receipts::MarkUnread;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Organizing;

#[Object]
impl Organizing {
    /// Until a new message, unless it is muted.
    async fn archive_conversation(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        archived: bool,
    ) -> Result<Conversation> {
        organize(ctx, &conversation_id, |kept| kept.archived = Some(archived)).await
    }

    async fn star_conversation(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        starred: bool,
    ) -> Result<Conversation> {
        organize(ctx, &conversation_id, |kept| kept.starred = Some(starred)).await
    }

    /// null = for good
    async fn mute_conversation(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        until: Option<DateTime>,
    ) -> Result<Conversation> {
        let until = until.map_or(Organized::FOR_GOOD, |until| until.0.max(0));
        organize(ctx, &conversation_id, |kept| kept.muted_until = Some(until)).await
    }

    async fn unmute_conversation(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<Conversation> {
        organize(ctx, &conversation_id, |kept| kept.muted_until = Some(0)).await
    }

    async fn set_notification_level(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        level: NotificationLevel,
    ) -> Result<Conversation> {
        organize(ctx, &conversation_id, |kept| kept.level = Some(level.into())).await
    }

    /// All that the conversation is to have: at most 20 of 50 characters, at most 100 different ones in all.
    async fn set_conversation_labels(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        labels: Vec<String>,
    ) -> Result<Conversation> {
        let labels: Vec<_> = labels.iter().map(|label| text::normalise(label).trim().to_owned()).collect();
        check_labels(&labels)?;
        organize(ctx, &conversation_id, |kept| kept.labels = Some(labels)).await
    }

    /// For all devices of the caller; null or a text without a visible character removes it.
    async fn save_draft(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        content: Option<String>,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let conversation = caller.member_of(&conversation_id).await?;
        let content = content.map(|content| text::normalise(&content)).unwrap_or_default();
        let content = if text::is_blank(&content) { String::new() } else { content };
        let fits =
            |policy: &Policy| text::check_length("content", &content, policy.limits.message_characters);
        caller.ingest.policy.check(fits).await?;
        caller.run(RequestKind::Direct, SaveDraft { conversation, content }).await?;
        Ok(true)
    }

    /// Until the caller reads or sends.
    async fn mark_unread(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<Conversation> {
        let caller = caller(ctx)?;
        let id = caller.member_of(&conversation_id).await?;
        caller.run_in(&id, MarkUnread { user: caller.user().clone() }).await?;
        Ok(caller.conversation(&id).await?)
    }
}

async fn organize(
    ctx: &Context<'_>,
    id: &ID,
    change: impl FnOnce(&mut OrganizeConversation),
) -> Result<Conversation> {
    let caller = caller(ctx)?;
    let conversation: ConversationId = parse_id(id)?;
    let head = caller.access.visible(&conversation).await?.state().head;
    let mut asked = OrganizeConversation::nothing(conversation.clone(), head);
    change(&mut asked);
    caller.run(RequestKind::Direct, asked).await?;
    Ok(caller.conversation(&conversation).await?)
}
