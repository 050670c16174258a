//! Queries.

use async_graphql::{Context, ID, Object};
use schemas::{ConversationId, ErrorCode, MessageId, Refusal, UserId};

use crate::account::credits::CreditAccount;
use crate::account::flags::{self, FeatureFlag};
use crate::account::limits::{self, RateLimit};
use crate::account::notifications::NotificationPreferences;
use crate::account::privacy::PrivacySettings;
use crate::account::scheduling::{self, ScheduledMessage};
use crate::account::settings::UserSettings;
use crate::account::templates::{self, MessageTemplate};
use crate::attachment::Attachment;
use crate::attachment::media::{self, AttachmentConnection};
use crate::conversation::Conversation;
use crate::conversation::list::{self, ConversationConnection, ConversationFilter, UnreadSummary};
use crate::ids::parse_id;
use crate::message::Message;
use crate::message::page::{self, MessageConnection, Wanted, seq_of};
use crate::message::pins;
use crate::message::versions::{self, MessageVersion};
use crate::paging::{self, ListPage};
use crate::people::presence::{self, UserPresence};
use crate::people::user::{User, UserConnection};
use crate::reporting::{self, MessageReportConnection, ReportStatus};
use crate::search::SearchQueries;
use crate::smart_replies::SmartReplyQueries;
use crate::stickers::StickerQueries;
use crate::{Result, access, reads, viewer};

pub struct Query;

#[Object]
impl Query {
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        Ok(User::of(reads(ctx)?.profile(&viewer(ctx)?.user).await?))
    }

    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        viewer(ctx)?;
        Ok(Some(User::of(reads(ctx)?.profile(&parse_id(&id)?).await?)))
    }

    /// The one with the newest message that the viewer sees first.
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
        filter: Option<ConversationFilter>,
    ) -> Result<ConversationConnection> {
        let access = access(ctx)?;
        let size = paging::size("first", first)?;
        Ok(list::page(&access, size, after.as_deref(), &filter.unwrap_or_default()).await?)
    }

    async fn unread_summary(&self, ctx: &Context<'_>) -> Result<UnreadSummary> {
        Ok(list::unread(&access(ctx)?).await?)
    }

    /// The labels that the viewer uses, in alphabetical order.
    async fn conversation_labels(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(access(ctx)?.labels().await?)
    }

    async fn settings(&self, ctx: &Context<'_>) -> Result<UserSettings> {
        Ok(access(ctx)?.preferences().await?.into())
    }

    /// The viewer's own, of one category or all, in the order in which they were made.
    async fn get_message_templates(
        &self,
        ctx: &Context<'_>,
        category: Option<String>,
    ) -> Result<Vec<MessageTemplate>> {
        templates::templates(ctx, category.as_deref()).await
    }

    async fn privacy_settings(&self, ctx: &Context<'_>) -> Result<PrivacySettings> {
        Ok(access(ctx)?.privacy().await?.into())
    }

    async fn notification_preferences(&self, ctx: &Context<'_>) -> Result<NotificationPreferences> {
        Ok(reads(ctx)?.account(&viewer(ctx)?.user).await?.notifications.into())
    }

    /// Those that wait, at most 100, and the last 100 that were sent, cancelled or failed within 30 days; in the order
    /// of their times.
    async fn get_scheduled_messages(
        &self,
        ctx: &Context<'_>,
        conversation_id: Option<ID>,
    ) -> Result<Vec<ScheduledMessage>> {
        scheduling::all(ctx, conversation_id.as_ref()).await
    }

    async fn conversation(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Conversation>> {
        let sight = access(ctx)?.visible(&parse_id(&id)?).await?;
        Ok(Some(Conversation::seen(sight)))
    }

    /// newest page by default, 50 at most
    #[expect(clippy::too_many_arguments, reason = "the arguments of the API's field")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        around: Option<ID>,
    ) -> Result<MessageConnection> {
        let access = access(ctx)?;
        let id: ConversationId = parse_id(&conversation_id)?;
        let sight = access.visible(&id).await?;
        let wanted = Wanted {
            first,
            after: seq_of(&id, after.as_deref(), "after")?,
            last,
            before: seq_of(&id, before.as_deref(), "before")?,
            around: seq_of(&id, around.as_ref().map(|around| around.as_str()), "around")?,
        };
        Ok(page::page(&access, &sight, wanted).await?)
    }

    async fn message(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Message>> {
        let access = access(ctx)?;
        let id: MessageId = parse_id(&id)?;
        let message = access.written(&id).await?;
        Ok(Some(Message::read(&id.conversation, message)))
    }

    /// The texts that a message has had, oldest first; for moderators of the service.
    async fn message_versions(&self, ctx: &Context<'_>, message_id: ID) -> Result<Vec<MessageVersion>> {
        versions::versions(ctx, &message_id).await
    }

    /// Reports, the oldest first, of one status or of all; for moderators of the service.
    async fn moderation_queue(
        &self,
        ctx: &Context<'_>,
        status: Option<ReportStatus>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<MessageReportConnection> {
        reporting::queue(ctx, status, first, after.as_deref()).await
    }

    /// Of up to 1,000 users, in their order; whom the viewer may not see is OFFLINE.
    async fn presence(&self, ctx: &Context<'_>, user_ids: Vec<ID>) -> Result<Vec<UserPresence>> {
        Ok(presence::of(&access(ctx)?, &presence::named(&user_ids)?).await?)
    }

    /// in the order in which they were pinned
    async fn get_pinned_messages(&self, ctx: &Context<'_>, conversation_id: ID) -> Result<Vec<Message>> {
        let access = access(ctx)?;
        let sight = access.visible(&parse_id(&conversation_id)?).await?;
        pins::pinned(&access, &sight).await
    }

    /// The users whom the viewer blocks, by id.
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<UserConnection> {
        let size = paging::size("first", first)?;
        let after = paging::position::<UserId>("after", after.as_deref())?;
        let blocked: Vec<UserId> = access(ctx)?.blocks().await?.blocked().cloned().collect();
        let page = ListPage::of(blocked, size, after, UserId::clone);
        let nodes = page.items.into_iter().map(User::named).collect();
        Ok(UserConnection { nodes, page_info: page.info })
    }

    /// For browsers that subscribe to web push; FEATURE_DISABLED where none is sent.
    async fn vapid_public_key(&self, ctx: &Context<'_>) -> Result<String> {
        viewer(ctx)?;
        let key = reads(ctx)?.vapid.as_ref().map(|key| key.as_str().to_owned());
        key.ok_or_else(|| Refusal::new(ErrorCode::FeatureDisabled, "no web push is sent").into())
    }

    async fn feature_flags(&self, ctx: &Context<'_>) -> Result<Vec<FeatureFlag>> {
        flags::feature_flags(ctx).await
    }

    /// What is left of the viewer's limits, over all devices and nodes. Limits of one text, conversation or
    /// message are not here.
    async fn rate_limits(&self, ctx: &Context<'_>) -> Result<Vec<RateLimit>> {
        limits::rate_limits(ctx).await
    }

    /// One of the viewer's own, or one that a message carries which the viewer sees. Its links are valid for at
    /// least half a day.
    async fn attachment(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Attachment>> {
        Ok(Some(Attachment::find(&access(ctx)?, parse_id(&id)?).await?))
    }

    /// Files of the messages that the viewer sees, those of the newest message first.
    async fn conversation_media(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<AttachmentConnection> {
        let access = access(ctx)?;
        let sight = access.visible(&parse_id(&conversation_id)?).await?;
        let size = paging::size("first", first)?;
        let after = paging::position("after", after.as_deref())?;
        Ok(media::page(&access, &sight, size, after).await?)
    }

    #[graphql(flatten)]
    async fn stickers(&self) -> StickerQueries {
        StickerQueries
    }

    #[graphql(flatten)]
    async fn suggestions(&self) -> SmartReplyQueries {
        SmartReplyQueries
    }

    #[graphql(flatten)]
    async fn search(&self) -> SearchQueries {
        SearchQueries
    }

    async fn credits(&self, ctx: &Context<'_>) -> Result<CreditAccount> {
        let me = &viewer(ctx)?.user;
        let account = reads(ctx)?.account(me).await?;
        Ok(CreditAccount { user: me.clone(), balance_milli: account.balance_milli })
    }
}
