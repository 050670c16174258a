//! Users that a viewer finds.

use platform::ports::search::{Filter, Query};
use schemas::search::{ID, USERS};
use schemas::{Refusal, UserId};

use super::Search;
use crate::paging::MAX_LOOKED;
use crate::people::user::User;
use crate::reads::Access;

/// Users of standing blocks in one filter. The list of blocks decides; the filter spares passing over them.
const BLOCKS_AT_ONCE: usize = 1_000;

pub async fn search(
    access: &Access<'_>,
    search: &Search,
    text: &str,
    limit: usize,
) -> Result<Vec<User>, Refusal> {
    let blocks = access.blocks().await?;
    let blocked: Vec<&UserId> = blocks.standing().collect();
    let ids = blocked.iter().take(BLOCKS_AT_ONCE).map(ToString::to_string).collect();
    let filter = Filter::Not(Box::new(Filter::OneOf(ID, ids)));
    let (mut users, mut offset) = (vec![], 0);
    while users.len() < limit && offset < MAX_LOOKED {
        let query = Query { text: text.to_owned(), filter: filter.clone(), offset, limit };
        let found = search.ask(&USERS, &query).await?;
        if found.hits.is_empty() {
            break;
        }
        offset += found.hits.len();
        let ids = found.hits.iter().filter_map(|hit| hit.id.parse::<UserId>().ok());
        for id in ids.filter(|id| !blocked.contains(&id)) {
            users.extend(access.reads.find_profile(&id).await?.map(User::of));
        }
    }
    users.truncate(limit);
    Ok(users)
}
