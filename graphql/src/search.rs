//! Search: what a viewer finds of messages, conversations and users.
//!
//! Invariants: the filter of a query is built from the viewer's memberships and blocks, never from their text; a
//! hit is answered only after its row was read and the viewer's sight shows it. The index is a hint: what is
//! stale in it is passed over.

mod conversations;
mod messages;
mod metrics;
mod quota;
mod snippets;
mod users;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Context, ID, Object};
use futures::{StreamExt, stream};
use platform::clock::Clock;
use platform::ports::search::{HIGHLIGHT, Hit, Hits, Query, SearchError, terms};
use platform::ports::{Ephemeral, SearchIndex};
use schemas::search::Index;
use schemas::{Refusal, UserId};
use tokio::time::timeout;

use crate::conversation::Conversation;
use crate::ids::parse_id;
use crate::message::gifs::{self, Gif};
use crate::paging::MAX_LOOKED;
use crate::people::user::User;
use crate::scalars::{DateTime, Locale};
use crate::{Access, Result, access, error, paging};
use messages::{MessageSearchConnection, Wanted};
use metrics::Outcome;
use quota::Quota;

/// How long the index may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Scalar values of a query's text.
const MOST_CHARACTERS: usize = 200;
/// At least this many letters or digits, so that users cannot be listed.
const LEAST_FOR_USERS: usize = 2;
/// Items of an answer without `limit`.
const DEFAULT_LIMIT: i32 = 20;
/// Hits of a further look, where the first one showed too few.
const MORE_HITS: usize = 100;
/// Hits whose rows are read at once.
const READS: usize = 16;

/// The search index as the API uses it.
pub struct Search {
    /// Absent in a deployment without one.
    index: Option<Arc<dyn SearchIndex>>,
    quota: Quota,
}

impl Search {
    pub fn new(
        index: Option<Arc<dyn SearchIndex>>,
        ephemeral: Arc<dyn Ephemeral>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        metrics::announce();
        Arc::new(Self { index, quota: Quota::new(ephemeral, clock) })
    }

    async fn ask(&self, index: &'static Index, query: &Query) -> Result<Hits, Refusal> {
        let away = || Refusal::unavailable("search is not available, try again");
        let search = self.index.as_ref().ok_or_else(away)?;
        let answer = timeout(ANSWER_WITHIN, search.search(index, query)).await;
        let answer = answer.unwrap_or_else(|_| Err(SearchError::Unavailable("no answer in time".to_owned())));
        match answer {
            Ok(hits) => {
                metrics::asked(index, Outcome::Answered);
                Ok(hits)
            }
            Err(SearchError::Refused(reason)) => {
                metrics::asked(index, Outcome::Refused);
                Err(error::internal(&reason))
            }
            Err(SearchError::Unavailable(reason)) => {
                metrics::asked(index, Outcome::Away);
                tracing::warn!(index = index.name, reason, "search index unavailable");
                Err(away())
            }
        }
    }
}

/// Of the hits of a query those that `read` shows, the best first, up to the query's limit.
async fn fill<T, R>(
    search: &Search,
    index: &'static Index,
    mut query: Query,
    read: impl Fn(Hit) -> R,
) -> Result<Vec<T>, Refusal>
where
    R: Future<Output = Result<Option<T>, Refusal>>,
{
    let (wanted, mut found, mut is_last) = (query.limit, Vec::new(), false);
    while found.len() < wanted && query.offset < MAX_LOOKED && !is_last {
        let hits = search.ask(index, &query).await?.hits;
        is_last = hits.len() < query.limit;
        query.offset += hits.len();
        query.limit = MORE_HITS;
        let mut read = stream::iter(hits.into_iter().map(&read)).buffered(READS);
        while found.len() < wanted
            && let Some(shown) = read.next().await
        {
            found.extend(shown?);
        }
    }
    Ok(found)
}

/// The trimmed text of a query that holds a word.
fn checked(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if text.chars().count() > MOST_CHARACTERS {
        return Err(Refusal::bad_input("query", format!("at most {MOST_CHARACTERS} characters")));
    }
    if terms(text).is_empty() {
        return Err(Refusal::bad_input("query", "no word to look for"));
    }
    Ok(text)
}

/// A text of the index without its marks.
fn plain(highlighted: &str) -> String {
    highlighted.chars().filter(|c| !HIGHLIGHT.contains(c)).collect()
}

fn is_marked(highlighted: &str) -> bool {
    highlighted.contains(HIGHLIGHT[0])
}

/// What every search begins with: the reads of its viewer, its checked text, and the most items of its answer.
fn look<'a, 'q>(
    ctx: &Context<'a>,
    query: &'q str,
    limit: Option<i32>,
) -> Result<(Access<'a>, &'q str, usize)> {
    let access = access(ctx)?;
    let limit = paging::size("limit", limit.or(Some(DEFAULT_LIMIT)))?;
    Ok((access, checked(query)?, limit))
}

/// The search of a request, counted.
async fn counted<'a>(ctx: &Context<'a>, viewer: &UserId) -> Result<&'a Search> {
    let search = ctx.data_opt::<Arc<Search>>();
    let search = search.ok_or_else(|| error::internal(&"a schema without search"))?;
    search.quota.take(viewer).await?;
    Ok(search)
}

/// The queries that search.
pub struct SearchQueries;

#[Object]
impl SearchQueries {
    /// Messages that the viewer sees and that hold every word; phrases in quotes. The best come first.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the API's field")]
    async fn search_messages(
        &self,
        ctx: &Context<'_>,
        query: String,
        conversation_id: Option<ID>,
        from: Option<ID>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        limit: Option<i32>,
        offset: Option<i32>,
        after: Option<String>,
    ) -> Result<MessageSearchConnection> {
        let (access, text, limit) = look(ctx, &query, limit)?;
        let wanted = Wanted {
            text,
            conversation: conversation_id.as_ref().map(parse_id).transpose()?,
            from: from.as_ref().map(parse_id).transpose()?,
            since: since.map(|DateTime(since)| since),
            until: until.map(|DateTime(until)| until),
            limit,
            skip: messages::skip(offset, after.as_deref())?,
        };
        Ok(messages::search(&access, counted(ctx, access.viewer).await?, wanted).await?)
    }

    /// The viewer's conversations by their titles and the names of their members.
    async fn search_conversations(
        &self,
        ctx: &Context<'_>,
        query: String,
        limit: Option<i32>,
    ) -> Result<Vec<Conversation>> {
        let (access, text, limit) = look(ctx, &query, limit)?;
        Ok(conversations::search(&access, counted(ctx, access.viewer).await?, text, limit).await?)
    }

    /// GIFs of the provider, from the one behind `after` on, at most 50. FEATURE_DISABLED without a provider.
    async fn search_gifs(
        &self,
        ctx: &Context<'_>,
        query: String,
        #[graphql(default = 20)] limit: Option<i32>,
        after: Option<ID>,
        locale: Option<Locale>,
    ) -> Result<Vec<Gif>> {
        let (access, text, limit) = look(ctx, &query, limit)?;
        counted(ctx, access.viewer).await?;
        gifs::search(ctx, text, limit, after, locale).await
    }

    /// Users by name, but none between whom and the viewer a block stands.
    async fn search_users(
        &self,
        ctx: &Context<'_>,
        query: String,
        #[graphql(default = 20)] limit: Option<i32>,
    ) -> Result<Vec<User>> {
        let (access, text, limit) = look(ctx, &query, limit)?;
        if text.chars().filter(|c| c.is_alphanumeric()).count() < LEAST_FOR_USERS {
            let detail = format!("at least {LEAST_FOR_USERS} letters or digits");
            return Err(Refusal::bad_input("query", detail).into());
        }
        Ok(users::search(&access, counted(ctx, access.viewer).await?, text, limit).await?)
    }
}
