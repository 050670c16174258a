//! The list of a viewer's conversations: the one with the newest visible message first.
//!
//! Invariants: order and filter look at what the viewer sees alone; a page that a bound has cut short ends
//! with the cursor of the last conversation that was looked at. Every conversation is read, a page of rows at a
//! time, and no more are kept than the page of the list may show.

use std::cmp::Reverse;
use std::future::Future;
use std::sync::Arc;

use async_graphql::{InputObject, SimpleObject};
use futures::{StreamExt, TryStreamExt, stream};
use schemas::ConversationId;
use schemas::code::Refusal;
use schemas::position::LogTime;
use schemas::tables::views::MembershipRow;

use super::Conversation;
use super::kinds::ConversationKind;
use crate::paging::{self, MAX_LOOKED, PageInfo};
use crate::reads::{Access, ConversationSight, Rights};

/// Reads of one request that are under way at once.
const CONCURRENT_READS: usize = 32;

#[derive(Debug, Default, Clone, InputObject)]
pub struct ConversationFilter {
    /// Archived ones alone; without it, all others.
    archived: Option<bool>,
    starred: Option<bool>,
    /// With unread messages, or marked as unread.
    unread: Option<bool>,
    label: Option<String>,
    /// Requests that wait for the viewer alone; without it, all others.
    requests: Option<bool>,
    kind: Option<ConversationKind>,
}

#[derive(SimpleObject)]
pub struct ConversationConnection {
    pub nodes: Vec<Conversation>,
    pub page_info: PageInfo,
}

/// The place of a conversation in the list, descending.
type Position = Reverse<(LogTime, ConversationId)>;

/// A conversation with what was read of it.
struct Listed {
    position: Position,
    sight: Arc<ConversationSight>,
    rights: Rights,
}

impl Listed {
    fn access<'a>(&'a self, access: &Access<'a>) -> Access<'a> {
        Access { rights: &self.rights, ..*access }
    }
}

/// The `size` conversations behind a position that pass the filter.
pub async fn page(
    access: &Access<'_>,
    size: usize,
    after: Option<&str>,
    filter: &ConversationFilter,
) -> Result<ConversationConnection, Refusal> {
    let after: Option<(LogTime, ConversationId)> = paging::position("after", after)?;
    // One more than is looked at, by which it shows that there are more.
    let most = if filter.unread.is_some() { MAX_LOOKED } else { size } + 1;
    let (has_previous_page, first) = first_behind(access, after, filter, most).await?;
    let (mut nodes, mut has_next_page, mut last_looked): (Vec<&Listed>, bool, _) = (vec![], false, None);
    for (looked, listed) in first.iter().enumerate() {
        if looked >= MAX_LOOKED {
            has_next_page = true;
            break;
        }
        let passes = match filter.unread {
            Some(wanted) => is_unread(&listed.access(access), &listed.sight).await? == wanted,
            None => true,
        };
        if passes && nodes.len() == size {
            has_next_page = true;
            last_looked = nodes.last().copied();
            break;
        }
        if passes {
            nodes.push(listed);
        }
        last_looked = Some(listed);
    }
    let cursor = |listed: Option<&Listed>| listed.map(|listed| paging::cursor(&listed.position.0));
    let page_info = PageInfo {
        has_next_page,
        has_previous_page,
        start_cursor: cursor(nodes.first().copied()),
        end_cursor: cursor(last_looked),
    };
    let seen = |listed: &Listed| {
        access.rights.adopt(&listed.rights);
        Conversation::seen(listed.sight.clone())
    };
    let nodes = nodes.into_iter().map(seen).collect();
    Ok(ConversationConnection { nodes, page_info })
}

/// Whether a conversation passes the filter, but for what is unread.
async fn is_kept(
    access: &Access<'_>,
    sight: &ConversationSight,
    filter: &ConversationFilter,
) -> Result<bool, Refusal> {
    let kind = || sight.opened().map(|opened| ConversationKind::from(opened.kind));
    let organized = access.organized(sight.id()).await?;
    Ok(filter.kind.is_none_or(|wanted| kind() == Some(wanted))
        && sight.is_request() == filter.requests.unwrap_or(false)
        && filter.starred.is_none_or(|wanted| organized.starred == wanted)
        && filter.label.as_ref().is_none_or(|label| organized.labels.contains(label))
        && access.archived_at(sight, &organized).await?.is_some() == filter.archived.unwrap_or(false))
}

async fn is_unread(access: &Access<'_>, sight: &ConversationSight) -> Result<bool, Refusal> {
    Ok(sight.is_marked_unread() || access.unread(sight).await? > 0)
}

/// What is unread in all conversations that are neither archived nor requests.
#[derive(SimpleObject)]
pub struct UnreadSummary {
    conversations: i32,
    /// Counted exactly up to 99 in each conversation.
    messages: i64,
    /// As `unreadMentionCount` of each conversation.
    mentions: i64,
    /// Requests that wait for the viewer.
    requests: i32,
}

/// What one conversation adds to the summary.
enum Counted {
    Request,
    Unread { messages: i64, mentions: i64 },
}

pub async fn unread(access: &Access<'_>) -> Result<UnreadSummary, Refusal> {
    let everything = &ConversationFilter::default();
    let count = |row: MembershipRow| async move {
        let apart = access.rights.apart();
        let access = &Access { rights: &apart, ..*access };
        let sight = access.listed(&row.conversation).await?;
        if sight.is_request() {
            return Ok(Some(Counted::Request));
        }
        if !is_unread(access, &sight).await? || !is_kept(access, &sight, everything).await? {
            return Ok(None);
        }
        let (messages, mentions) = (access.unread(&sight).await?, access.unread_mentions(&sight).await?);
        Ok(Some(Counted::Unread { messages, mentions }))
    };
    let mut summary = UnreadSummary { conversations: 0, messages: 0, mentions: 0, requests: 0 };
    let sum = |page: Vec<Counted>| {
        for counted in page {
            match counted {
                Counted::Request => summary.requests += 1,
                Counted::Unread { messages, mentions } => {
                    summary.conversations += 1;
                    summary.messages += messages;
                    summary.mentions += mentions;
                }
            }
        }
    };
    walk(access, count, sum).await?;
    Ok(summary)
}

/// The first `most` conversations that are kept behind a position, in order; and whether any stands before them.
async fn first_behind(
    access: &Access<'_>,
    after: Option<(LogTime, ConversationId)>,
    filter: &ConversationFilter,
    most: usize,
) -> Result<(bool, Vec<Listed>), Refusal> {
    let read = |row: MembershipRow| async move {
        let rights = access.rights.apart();
        let own = Access { rights: &rights, ..*access };
        let sight = own.listed(&row.conversation).await?;
        let Ok(member) = sight.member() else { return Ok(None) };
        if !is_kept(&own, &sight, filter).await? {
            return Ok(None);
        }
        // One without a visible message stands where the viewer joined.
        let at = own.newest_place(&sight).await?.map_or(member.joined_at, |newest| newest.at);
        Ok(Some(Listed { position: Reverse((at, row.conversation)), sight: sight.clone(), rights }))
    };
    let (mut has_previous, mut first): (bool, Vec<Listed>) = (false, vec![]);
    let keep = |page: Vec<Listed>| {
        for listed in page {
            if after.as_ref().is_none_or(|after| listed.position.0 < *after) {
                first.push(listed);
            } else {
                has_previous = true;
            }
        }
        first.sort_by(|a, b| a.position.cmp(&b.position));
        first.truncate(most);
    };
    walk(access, read, keep).await?;
    Ok((has_previous, first))
}

/// Reads each conversation that the viewer is in, a page of their rows at a time. What is read of one goes with it,
/// unless `read` keeps it.
async fn walk<T, F: Future<Output = Result<Option<T>, Refusal>>>(
    access: &Access<'_>,
    read: impl Fn(MembershipRow) -> F,
    mut on_page: impl FnMut(Vec<T>),
) -> Result<(), Refusal> {
    // Read before the conversations, which would all wait for them.
    access.blocks().await?;
    access.all_organized().await?;
    let mut memberships = access.reads.memberships(access.viewer);
    while let Some(page) = memberships.next().await? {
        let present = page.into_iter().filter(|row| row.member.present().is_some());
        let reads = stream::iter(present.map(&read)).buffer_unordered(CONCURRENT_READS);
        on_page(reads.try_filter_map(async |read| Ok(read)).try_collect().await?);
    }
    Ok(())
}
