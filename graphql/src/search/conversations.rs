//! Conversations that a viewer finds.
//!
//! Invariants: the viewer's own name finds nothing, as it stands in each of their conversations. A request that
//! the viewer has not accepted is not found.

use domain::indexing;
use platform::ports::search::{Filter, Hit, Query};
use schemas::search::{CONVERSATIONS, ID};
use schemas::{ConversationId, Refusal};

use super::{Search, is_marked, plain};
use crate::conversation::Conversation;
use crate::paging::MAX_LOOKED;
use crate::reads::{Access, ConversationSight};

/// Conversations in one filter.
const CONVERSATIONS_AT_ONCE: usize = 1_000;

pub async fn search(
    access: &Access<'_>,
    search: &Search,
    text: &str,
    limit: usize,
) -> Result<Vec<Conversation>, Refusal> {
    let own_name = access.reads.find_profile(access.viewer).await?.map(|profile| indexing::name(&profile));
    let (mut found, mut memberships) = (Vec::new(), access.reads.memberships(access.viewer));
    while let Some(page) = memberships.next().await? {
        let present = page.iter().filter(|row| row.member.present().is_some());
        let ids: Vec<String> = present.map(|row| row.conversation.to_string()).collect();
        for ids in ids.chunks(CONVERSATIONS_AT_ONCE) {
            let filter = Filter::OneOf(ID, ids.to_vec());
            found.extend(within(access, search, text, filter, limit, own_name.as_deref()).await?);
        }
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, conversation)| conversation).collect())
}

/// Of some conversations the best, each with its score.
async fn within(
    access: &Access<'_>,
    search: &Search,
    text: &str,
    filter: Filter,
    limit: usize,
    own_name: Option<&str>,
) -> Result<Vec<(f64, Conversation)>, Refusal> {
    let (mut found, mut offset) = (vec![], 0);
    while found.len() < limit && offset < MAX_LOOKED {
        let query = Query { text: text.to_owned(), filter: filter.clone(), offset, limit };
        let hits = search.ask(&CONVERSATIONS, &query).await?.hits;
        if hits.is_empty() {
            break;
        }
        offset += hits.len();
        for hit in hits {
            let Ok(id) = hit.id.parse::<ConversationId>() else { continue };
            let sight = access.sight(&id).await?;
            if sight.interval().is_ok() && !sight.is_request() && is_found(&hit, &sight, own_name) {
                found.push((hit.score, Conversation::seen(sight)));
            }
        }
    }
    Ok(found)
}

/// Whether a hit is by the conversation's title, or by the name of another member.
fn is_found(hit: &Hit, sight: &ConversationSight, own_name: Option<&str>) -> bool {
    let [title, names] = hit.highlighted.as_slice() else { return false };
    let current = sight.opened().and_then(|opened| opened.title.as_deref()).unwrap_or_default();
    let is_by_title = is_marked(title) && plain(title) == current;
    is_by_title || names.lines().any(|name| is_marked(name) && Some(plain(name).as_str()) != own_name)
}
