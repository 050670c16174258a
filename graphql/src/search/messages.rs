//! Messages that a viewer finds.
//!
//! Invariant: a hit is answered with what its row says, and only if the index knows the same text; so a highlight
//! never shows what was edited away or deleted.

use async_graphql::SimpleObject;
use domain::indexing;
use futures::{StreamExt, stream};
use platform::ports::search::{Filter, Hit, MOST_HITS, Query};
use schemas::position::LogTime;
use schemas::search::MESSAGES;
use schemas::{ConversationId, MessageId, Refusal, UserId};

use super::snippets::snippets;
use super::{MORE_HITS, READS, Search, plain};
use crate::conversation::Conversation;
use crate::message::Message;
use crate::paging::{self, MAX_LOOKED, PageInfo};
use crate::reads::Access;

/// The largest offset; what lies beyond is reached by cursors.
const MOST_OFFSET: usize = 1_000;
/// Conversations in one filter. A viewer of more is asked for in parts, whose hits are put together.
const CONVERSATIONS_AT_ONCE: usize = 500;
/// Intervals of blocks in one filter. The rows decide; the filter spares reading them.
const BLOCKS_AT_ONCE: usize = 200;

#[derive(SimpleObject)]
pub struct MessageSearchResult {
    message: Message,
    conversation: Conversation,
    /// plain text in which a hit stands between U+0002 and U+0003; never HTML.
    highlights: Vec<String>,
    score: f64,
}

#[derive(SimpleObject)]
pub struct MessageSearchConnection {
    nodes: Vec<MessageSearchResult>,
    /// As far as the index knows: what was deleted or hidden just now may be counted.
    total_count: i32,
    has_more: bool,
    page_info: PageInfo,
}

pub struct Wanted<'a> {
    pub text: &'a str,
    pub conversation: Option<ConversationId>,
    pub from: Option<UserId>,
    /// Inclusive.
    pub since: Option<LogTime>,
    /// Exclusive.
    pub until: Option<LogTime>,
    pub limit: usize,
    /// Hits of the index that are passed over.
    pub skip: usize,
}

/// How many hits a page passes over: by its offset, or by the rank in its cursor.
pub fn skip(offset: Option<i32>, after: Option<&str>) -> Result<usize, Refusal> {
    let rank: Option<usize> = paging::position("after", after)?;
    match (offset, rank) {
        (None, None) => Ok(0),
        (Some(_), Some(_)) => Err(Refusal::bad_input("offset", "give offset or after, not both")),
        (None, Some(rank)) if rank <= MOST_HITS => Ok(rank),
        (None, Some(_)) => Err(paging::malformed("after")),
        (Some(offset), None) => {
            let offset = usize::try_from(offset).ok().filter(|offset| *offset <= MOST_OFFSET);
            let detail = || format!("between 0 and {MOST_OFFSET}; use after beyond");
            offset.ok_or_else(|| Refusal::bad_input("offset", detail()))
        }
    }
}

pub async fn search(
    access: &Access<'_>,
    search: &Search,
    wanted: Wanted<'_>,
) -> Result<MessageSearchConnection, Refusal> {
    let filters = filters(access, &wanted).await?;
    let (mut nodes, mut rank, mut total) = (vec![], wanted.skip, 0);
    let most = MOST_HITS.min(wanted.skip + MAX_LOOKED);
    let (mut look, mut is_last) = (wanted.limit, false);
    while nodes.len() < wanted.limit && rank < most && !is_last {
        let hits;
        look = look.min(most - rank);
        (hits, total) = ask(search, &filters, wanted.text, rank, look).await?;
        is_last = hits.len() < look;
        look = MORE_HITS;
        let read = hits.into_iter().map(async |hit| self::read(access, hit).await);
        let mut read = stream::iter(read).buffered(READS);
        while nodes.len() < wanted.limit
            && let Some(result) = read.next().await
        {
            rank += 1;
            nodes.extend(result?);
        }
    }
    let has_more = rank < total.min(MOST_HITS);
    let page_info = PageInfo {
        has_next_page: has_more,
        has_previous_page: wanted.skip > 0,
        start_cursor: Some(paging::cursor(&wanted.skip)),
        end_cursor: Some(paging::cursor(&rank)),
    };
    let total_count = i32::try_from(total).unwrap_or(i32::MAX);
    Ok(MessageSearchConnection { nodes, total_count, has_more, page_info })
}

/// A hit as its viewer sees it; `None` if they do not, or if the index knows another text than the row.
async fn read(access: &Access<'_>, hit: Hit) -> Result<Option<MessageSearchResult>, Refusal> {
    let Ok(id) = hit.id.parse::<MessageId>() else { return Ok(None) };
    // The filter has named the conversation by a row of the viewer's.
    let sight = access.listed(&id.conversation).await?;
    let Some(written) = access.find_written(&id).await? else { return Ok(None) };
    let Some(highlighted) = hit.highlighted.first() else { return Ok(None) };
    if indexing::text(&written.core).as_deref() != Some(plain(highlighted).as_str()) {
        return Ok(None);
    }
    Ok(Some(MessageSearchResult {
        message: Message::read(&id.conversation, written),
        conversation: Conversation::seen(sight),
        highlights: snippets(highlighted),
        score: hit.score,
    }))
}

/// Hits from a rank on, the best first, and how many there are in all.
async fn ask(
    search: &Search,
    filters: &[Filter],
    text: &str,
    rank: usize,
    limit: usize,
) -> Result<(Vec<Hit>, usize), Refusal> {
    let query = |filter: &Filter, offset, limit| Query {
        text: text.to_owned(),
        filter: filter.clone(),
        offset,
        limit,
    };
    if let [filter] = filters {
        let found = search.ask(&MESSAGES, &query(filter, rank, limit)).await?;
        return Ok((found.hits, found.total));
    }
    let (mut hits, mut total) = (vec![], 0);
    for filter in filters {
        let found = search.ask(&MESSAGES, &query(filter, 0, rank + limit)).await?;
        hits.extend(found.hits);
        total += found.total;
        hits.sort_by(|one, other| other.score.total_cmp(&one.score).then_with(|| other.id.cmp(&one.id)));
        hits.truncate(rank + limit);
    }
    Ok((hits.into_iter().skip(rank).collect(), total))
}

/// What the viewer may find, in parts.
async fn filters(access: &Access<'_>, wanted: &Wanted<'_>) -> Result<Vec<Filter>, Refusal> {
    let mut conditions: Vec<Filter> = Vec::new();
    if let Some(from) = &wanted.from {
        conditions.push(Filter::OneOf("sender", vec![from.to_string()]));
    }
    if wanted.since.is_some() || wanted.until.is_some() {
        let until = wanted.until.map_or(i64::MAX, |until| until.saturating_sub(1));
        conditions.push(Filter::Between("sent_at", wanted.since.unwrap_or(0), until));
    }
    let blocks = access.blocks().await?;
    for (other, interval) in blocks.intervals().take(BLOCKS_AT_ONCE) {
        let until = interval.to.map_or(i64::MAX, |to| to.saturating_sub(1));
        conditions.push(Filter::Not(Box::new(Filter::All(vec![
            Filter::OneOf("sender", vec![other.to_string()]),
            Filter::Between("sent_at", interval.from, until),
        ]))));
    }
    let scopes = match &wanted.conversation {
        Some(id) => {
            let sight = access.visible(id).await?;
            vec![scope(&[(id.to_string(), sight.interval()?.first_seq)])]
        }
        None => memberships(access).await?.chunks(CONVERSATIONS_AT_ONCE).map(scope).collect(),
    };
    let within = |scope| Filter::All([vec![scope], conditions.clone()].concat());
    Ok(scopes.into_iter().map(within).collect())
}

/// The conversations that the viewer is in, each with the first number that they see.
async fn memberships(access: &Access<'_>) -> Result<Vec<(String, i64)>, Refusal> {
    let (mut all, mut memberships) = (vec![], access.reads.memberships(access.viewer));
    while let Some(page) = memberships.next().await? {
        let present = page.into_iter().filter_map(|row| {
            let first_seq = row.member.present()?.first_seq;
            Some((row.conversation.to_string(), first_seq))
        });
        all.extend(present);
    }
    Ok(all)
}

/// Messages of these conversations, each from its first number on.
fn scope(conversations: &[(String, i64)]) -> Filter {
    let (whole, later): (Vec<_>, Vec<_>) = conversations.iter().partition(|(_, first_seq)| *first_seq <= 1);
    let mut any = vec![Filter::OneOf("conversation", whole.iter().map(|(id, _)| id.clone()).collect())];
    any.extend(later.iter().map(|(id, first_seq)| {
        Filter::All(vec![
            Filter::OneOf("conversation", vec![id.clone()]),
            Filter::Between("seq", *first_seq, i64::MAX),
        ])
    }));
    Filter::Any(any)
}

#[cfg(test)]
mod tests {
    use schemas::ErrorCode;

    use super::*;

    #[test]
    fn a_page_passes_over_its_offset_or_the_rank_of_its_cursor() {
        let cursor = |rank: usize| paging::cursor(&rank);
        assert_eq!(skip(None, None), Ok(0));
        assert_eq!(skip(Some(1_000), None), Ok(1_000));
        assert_eq!(skip(None, Some(&cursor(MOST_HITS))), Ok(MOST_HITS));
        for (offset, after, field) in [
            (Some(-1), None, "offset"),
            (Some(1_001), None, "offset"),
            (Some(0), Some(cursor(1)), "offset"),
            (None, Some(cursor(MOST_HITS + 1)), "after"),
            (None, Some("x".to_owned()), "after"),
        ] {
            let refusal = skip(offset, after.as_deref()).unwrap_err();
            assert_eq!((refusal.code, refusal.field.as_deref()), (ErrorCode::BadUserInput, Some(field)));
        }
    }

    #[test]
    fn a_scope_names_late_joiners_with_their_first_number() {
        let named = |name: &str, first_seq| (name.to_owned(), first_seq);
        let Filter::Any(any) = scope(&[named("a", 1), named("b", 7), named("c", 0)]) else { panic!("any") };
        assert_eq!(any[0], Filter::OneOf("conversation", vec!["a".to_owned(), "c".to_owned()]));
        let Filter::All(b) = &any[1] else { panic!("all") };
        assert_eq!(b[1], Filter::Between("seq", 7, i64::MAX));
        assert_eq!(any.len(), 2);
    }
}
