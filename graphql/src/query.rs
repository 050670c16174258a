//! Queries.

use async_graphql::{Context, ID, InputObject, Object, Result};
use schemas::{ConversationId, MessageId, Refusal, UserId};

use crate::paging::{PageInfo, Wanted};
use crate::reads::Loaded;
use crate::types::conversation::{
    Conversation, ConversationConnection, ConversationKind, ListPage, known_user, unread,
};
use crate::types::credits::CreditAccount;
use crate::types::message::{Message, MessageConnection};
use crate::types::parse_id;
use crate::types::user::{User, UserConnection};
use crate::{api_error, reads, viewer};

pub struct Query;

#[derive(Debug, Default, InputObject)]
pub struct ConversationFilter {
    unread: Option<bool>,
    kind: Option<ConversationKind>,
}

#[Object]
impl Query {
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        let me = &viewer(ctx)?.user;
        Ok(User(reads(ctx)?.profile(me).await.map_err(api_error)?))
    }

    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        viewer(ctx)?;
        Ok(Some(User(reads(ctx)?.profile(&parse_id(&id)?).await.map_err(api_error)?)))
    }

    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
        filter: Option<ConversationFilter>,
    ) -> Result<ConversationConnection> {
        let me = &viewer(ctx)?.user;
        let filter = filter.unwrap_or_default();
        let mut all = reads(ctx)?.conversations_of(me).await.map_err(api_error)?;
        if let Some(wanted) = filter.kind {
            let kind = |loaded: &Loaded| loaded.state.opened.as_ref().map(|opened| opened.kind.into());
            all.retain(|loaded| kind(loaded) == Some(wanted));
        }
        if let Some(wanted) = filter.unread {
            let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
            let mut kept = Vec::new();
            for loaded in all {
                let unread = unread(reads(ctx)?, &loaded, &blocks, me).await.map_err(api_error)?;
                if (unread > 0) == wanted {
                    kept.push(loaded);
                }
            }
            all = kept;
        }
        let page = ListPage::of(all.len(), first, after.as_deref(), |at| all[at].id.to_string())?;
        let nodes = all.into_iter().skip(page.from).take(page.count).map(Conversation::loaded).collect();
        Ok(ConversationConnection { nodes, page_info: page.info })
    }

    async fn conversation(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Conversation>> {
        let me = &viewer(ctx)?.user;
        let loaded = reads(ctx)?.visible(me, &parse_id(&id)?).await.map_err(api_error)?;
        Ok(Some(Conversation::loaded(loaded)))
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
        let me = &viewer(ctx)?.user;
        let loaded = reads(ctx)?.visible(me, &parse_id(&conversation_id)?).await.map_err(api_error)?;
        let stay = loaded.seen_by(me).map_err(api_error)?;
        let wanted = Wanted {
            first,
            after: after.map(|cursor| seq_of(&loaded.id, &cursor, "after")).transpose()?,
            last,
            before: before.map(|cursor| seq_of(&loaded.id, &cursor, "before")).transpose()?,
            around: around.map(|id| seq_of(&loaded.id, &id, "around")).transpose()?,
        };
        let (low, head) = (stay.first_seq, loaded.state.head);
        let window = wanted.window(low, head).map_err(api_error)?;
        let mut rows = reads(ctx)?.messages(&loaded.id, window).await.map_err(api_error)?;
        let cursor =
            |seq: Option<i64>| seq.map(|seq| MessageId { conversation: loaded.id.clone(), seq }.to_string());
        let page_info = PageInfo {
            has_next_page: window.to < head,
            has_previous_page: window.from > low,
            start_cursor: cursor(rows.first().map(|row| row.message.seq)),
            end_cursor: cursor(rows.last().map(|row| row.message.seq)),
        };
        let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
        rows.retain(|row| !blocks.hide(&row.message));
        Ok(MessageConnection { nodes: rows.into_iter().map(Message::stored).collect(), page_info })
    }

    async fn message(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Message>> {
        let me = &viewer(ctx)?.user;
        let id: MessageId = parse_id(&id)?;
        let loaded = reads(ctx)?.visible(me, &id.conversation).await.map_err(api_error)?;
        let stay = loaded.seen_by(me).map_err(api_error)?;
        if !domain::access::sees_message(stay, id.seq) {
            return Err(api_error(Refusal::not_found()));
        }
        let row = reads(ctx)?.message(&id.conversation, id.seq).await.map_err(api_error)?;
        if reads(ctx)?.blocks(me).await.map_err(api_error)?.hide(&row.message) {
            return Err(api_error(Refusal::not_found()));
        }
        Ok(Some(Message::stored(row)))
    }

    /// Those whom the viewer blocks, by id.
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> Result<UserConnection> {
        let me = &viewer(ctx)?.user;
        let blocks = reads(ctx)?.blocks(me).await.map_err(api_error)?;
        let all: Vec<&UserId> = blocks.blocked().collect();
        let page = ListPage::of(all.len(), first, after.as_deref(), |at| all[at].to_string())?;
        let mut nodes = Vec::new();
        for user in all.into_iter().skip(page.from).take(page.count) {
            nodes.push(known_user(ctx, user).await?);
        }
        Ok(UserConnection { nodes, page_info: page.info })
    }

    async fn credits(&self, ctx: &Context<'_>) -> Result<CreditAccount> {
        let me = &viewer(ctx)?.user;
        let account = reads(ctx)?.account(me).await.map_err(api_error)?;
        Ok(CreditAccount { user: me.clone(), balance_milli: account.balance_milli })
    }
}

/// The number in a cursor of this conversation; cursors of messages are their ids.
fn seq_of(conversation: &ConversationId, cursor: &str, field: &'static str) -> Result<i64> {
    let id = cursor.parse::<MessageId>().ok().filter(|id| id.conversation == *conversation);
    id.map(|id| id.seq).ok_or_else(|| api_error(Refusal::bad_input(field, "unknown cursor")))
}
