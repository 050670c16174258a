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

#[derive(Debug, Default, Clone, Copy, InputObject)]
pub struct ConversationFilter {
    unread: Option<bool>,
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
    filter: ConversationFilter,
) -> Result<ConversationConnection, Refusal> {
    let after: Option<(LogTime, ConversationId)> = paging::position("after", after)?;
    let is_behind = |listed: &Listed| after.as_ref().is_none_or(|after| listed.position.0 < *after);
    let mut all = listed(access).await?;
    all.retain(|listed| is_of_kind(listed, filter.kind));
    let has_previous_page = all.first().is_some_and(|first| !is_behind(first));
    let (mut nodes, mut has_next_page, mut last_looked) = (vec![], false, None);
    for (looked, listed) in all.iter().filter(|listed| is_behind(listed)).enumerate() {
        if looked >= MAX_LOOKED {
            has_next_page = true;
            break;
        }
        let passes = match filter.unread {
            Some(wanted) => (access.unread(&listed.sight).await? > 0) == wanted,
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
    let nodes = nodes.into_iter().map(|listed| Conversation::seen(listed.sight.clone())).collect();
    Ok(ConversationConnection { nodes, page_info })
}

fn is_of_kind(listed: &Listed, wanted: Option<ConversationKind>) -> bool {
    let kind = listed.sight.opened().map(|opened| ConversationKind::from(opened.kind));
    wanted.is_none_or(|wanted| kind == Some(wanted))
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
