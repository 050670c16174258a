//! Conversations that a viewer finds.
//!
//! Invariants: the viewer's own name finds nothing, as it stands in each of their conversations. A request that
//! the viewer has not accepted is not found.

use domain::indexing;
use platform::ports::search::{Filter, Hit, Query};
use schemas::search::{CONVERSATIONS, ID};
use schemas::{ConversationId, Refusal};

use super::{Search, fill, is_marked, plain};
use crate::conversation::Conversation;
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
    let own_name = own_name.as_deref();
    let (mut found, mut memberships) = (Vec::new(), access.reads.memberships(access.viewer));
    while let Some(page) = memberships.next().await? {
        let present = page.iter().filter(|row| row.member.present().is_some());
        let ids: Vec<String> = present.map(|row| row.conversation.to_string()).collect();
        for ids in ids.chunks(CONVERSATIONS_AT_ONCE) {
            let filter = Filter::OneOf(ID, ids.to_vec());
            let query = Query { text: text.to_owned(), filter, offset: 0, limit };
            found.extend(fill(search, &CONVERSATIONS, query, |hit| read(access, own_name, hit)).await?);
        }
    }
    found.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    found.truncate(limit);
    Ok(found.into_iter().map(|(_, conversation)| conversation).collect())
}

/// A hit as its viewer sees it, with its score; `None` if they do not, or if it is by the viewer's own name alone.
async fn read(
    access: &Access<'_>,
    own_name: Option<&str>,
    hit: Hit,
) -> Result<Option<(f64, Conversation)>, Refusal> {
    let Ok(id) = hit.id.parse::<ConversationId>() else { return Ok(None) };
    let [title, names] = hit.highlighted.as_slice() else { return Ok(None) };
    let is_by_name = names.lines().any(|name| is_marked(name) && Some(plain(name).as_str()) != own_name);
    if !is_by_name && !is_marked(title) {
        return Ok(None);
    }
    // The filter has named it by a row of the viewer's.
    let sight = access.listed(&id).await?;
    let is_by_title = is_marked(title) && plain(title) == title_of(&sight);
    let is_shown = sight.interval().is_ok() && !sight.is_request() && (is_by_title || is_by_name);
    Ok(is_shown.then(|| (hit.score, Conversation::seen(sight))))
}

fn title_of(sight: &ConversationSight) -> &str {
    sight.opened().and_then(|opened| opened.title.as_deref()).unwrap_or_default()
}
