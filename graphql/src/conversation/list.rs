//! The list of a viewer's conversations: the one with the newest visible message first.
//!
//! Invariants: order and filter look at what the viewer sees alone; a page that a bound has cut short ends
//! with the cursor of the last conversation that was looked at. Every conversation is read, a page of rows at a
//! time, and no more are kept than the page of the list may show.

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
    // One more than is looked at, by which it shows that there are more.
    let most = if filter.unread.is_some() { MAX_LOOKED } else { size } + 1;
    let (has_previous_page, first) = first_behind(access, after, filter.kind, most).await?;
    let (mut nodes, mut has_next_page, mut last_looked) = (vec![], false, None);
    for (looked, listed) in first.iter().enumerate() {
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

/// The first `most` conversations of a kind behind a position, in order; and whether any stands before them.
async fn first_behind(
    access: &Access<'_>,
    after: Option<(LogTime, ConversationId)>,
    kind: Option<ConversationKind>,
    most: usize,
) -> Result<(bool, Vec<Listed>), Refusal> {
    // Read before the conversations, which would all wait for it.
    access.blocks().await?;
    let read = async |row: MembershipRow| -> Result<Option<Listed>, Refusal> {
        let sight = access.listed(&row.conversation).await?;
        let Ok(member) = sight.member() else { return Ok(None) };
        // One without a visible message stands where the viewer joined.
        let at = access.newest_at(&sight).await?.unwrap_or(member.joined_at);
        Ok(Some(Listed { position: Reverse((at, row.conversation)), sight: Arc::new(sight) }))
    };
    let (mut has_previous, mut first): (bool, Vec<Listed>) = (false, vec![]);
    let mut memberships = access.reads.memberships(access.viewer);
    while let Some(page) = memberships.next().await? {
        let present = page.into_iter().filter(|row| row.member.present().is_some());
        let mut reads = stream::iter(present.map(read)).buffer_unordered(CONCURRENT_READS);
        while let Some(listed) = reads.try_next().await? {
            let Some(listed) = listed.filter(|listed| is_of_kind(listed, kind)) else { continue };
            if after.as_ref().is_none_or(|after| listed.position.0 < *after) {
                first.push(listed);
            } else {
                has_previous = true;
            }
        }
        first.sort_by(|a, b| a.position.cmp(&b.position));
        first.truncate(most);
    }
    Ok((has_previous, first))
}
