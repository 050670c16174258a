//! The list of a viewer's conversations: the one with the newest visible message first.
//!
//! Invariant: order and filter look at what the viewer sees alone; a page that a bound has cut short ends
//! with the cursor of the last conversation that was looked at.

use std::cmp::Reverse;
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
use crate::reads::{Access, ConversationSight};

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
    kind: Option<ConversationKind>,
}

#[derive(SimpleObject)]
pub struct ConversationConnection {
    pub nodes: Vec<Conversation>,
    pub page_info: PageInfo,
}

/// The place of a conversation in the list, descending.
type Position = Reverse<(LogTime, ConversationId)>;

struct Listed {
    position: Position,
    sight: Arc<ConversationSight>,
}

/// The `size` conversations behind a position that pass the filter.
pub async fn page(
    access: &Access<'_>,
    size: usize,
    after: Option<&str>,
    filter: &ConversationFilter,
) -> Result<ConversationConnection, Refusal> {
    let after: Option<(LogTime, ConversationId)> = paging::position("after", after)?;
    let is_behind = |listed: &Listed| after.as_ref().is_none_or(|after| listed.position.0 < *after);
    let all = listed(access).await?;
    access.all_organized().await?;
    let has_previous_page = all.first().is_some_and(|first| !is_behind(first));
    let (mut nodes, mut has_next_page, mut last_looked) = (vec![], false, None);
    for (looked, listed) in all.iter().filter(|listed| is_behind(listed)).enumerate() {
        if looked >= MAX_LOOKED {
            has_next_page = true;
            break;
        }
        let passes = passes(access, &listed.sight, filter).await?;
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
    let nodes = nodes.into_iter().map(|listed| Conversation::seen(listed.sight.clone())).collect();
    Ok(ConversationConnection { nodes, page_info })
}

async fn passes(
    access: &Access<'_>,
    sight: &ConversationSight,
    filter: &ConversationFilter,
) -> Result<bool, Refusal> {
    let kind = || sight.opened().map(|opened| ConversationKind::from(opened.kind));
    let organized = access.organized(sight.id()).await?;
    let is_kept = filter.kind.is_none_or(|wanted| kind() == Some(wanted))
        && filter.starred.is_none_or(|wanted| organized.starred == wanted)
        && filter.label.as_ref().is_none_or(|label| organized.labels.contains(label))
        && access.archived_at(sight, &organized).await?.is_some() == filter.archived.unwrap_or(false);
    match filter.unread {
        Some(wanted) if is_kept => Ok(is_unread(access, sight).await? == wanted),
        _ => Ok(is_kept),
    }
}

async fn is_unread(access: &Access<'_>, sight: &ConversationSight) -> Result<bool, Refusal> {
    Ok(sight.is_marked_unread() || access.unread(sight).await? > 0)
}

/// What is unread in all conversations that are not archived.
#[derive(SimpleObject)]
pub struct UnreadSummary {
    conversations: i32,
    /// Counted exactly up to 99 in each conversation.
    messages: i64,
    /// As `unreadMentionCount` of each conversation.
    mentions: i64,
}

pub async fn unread(access: &Access<'_>) -> Result<UnreadSummary, Refusal> {
    let mut summary = UnreadSummary { conversations: 0, messages: 0, mentions: 0 };
    access.all_organized().await?;
    for Listed { sight, .. } in listed(access).await? {
        let organized = access.organized(sight.id()).await?;
        if is_unread(access, &sight).await? && access.archived_at(&sight, &organized).await?.is_none() {
            summary.conversations += 1;
            summary.messages += access.unread(&sight).await?;
            summary.mentions += access.unread_mentions(&sight).await?;
        }
    }
    Ok(summary)
}

/// Every conversation that the viewer is in, in order.
async fn listed(access: &Access<'_>) -> Result<Vec<Listed>, Refusal> {
    // Read before the conversations, which would all wait for it.
    access.blocks().await?;
    let memberships = access.reads.memberships(access.viewer).await?;
    let read = async |row: MembershipRow| -> Result<Option<Listed>, Refusal> {
        let sight = access.sight(&row.conversation).await?;
        let Ok(member) = sight.member() else { return Ok(None) };
        // One without a visible message stands where the viewer joined.
        let at = access.newest_at(&sight).await?.unwrap_or(member.joined_at);
        Ok(Some(Listed { position: Reverse((at, row.conversation)), sight: sight.clone() }))
    };
    let reads = stream::iter(memberships.into_iter().map(read)).buffer_unordered(CONCURRENT_READS);
    let read: Vec<Option<Listed>> = reads.try_collect().await?;
    let mut all: Vec<Listed> = read.into_iter().flatten().collect();
    all.sort_by(|a, b| a.position.cmp(&b.position));
    Ok(all)
}
