//! Users that a viewer finds.
//!
//! Invariant: a hit is answered only if the index knows the names that the user has now; so a search shows neither
//! an erased user nor a name of before.

use domain::access::Blocking;
use platform::ports::search::{Filter, Hit, Query};
use schemas::blocking::PairBlocks;
use schemas::people::Profile;
use schemas::search::{ID, USERS};
use schemas::{Refusal, UserId};

use super::{Search, fill, plain};
use crate::people::user::User;
use crate::reads::{Access, BlockList};

/// Users of standing blocks in one filter. The list of blocks decides; the filter spares passing over them.
const BLOCKS_AT_ONCE: usize = 1_000;

pub async fn search(
    access: &Access<'_>,
    search: &Search,
    text: &str,
    limit: usize,
) -> Result<Vec<User>, Refusal> {
    let blocks = access.blocks().await?;
    let ids = blocks.standing().take(BLOCKS_AT_ONCE).map(ToString::to_string).collect();
    let filter = Filter::Not(Box::new(Filter::OneOf(ID, ids)));
    let query = Query { text: text.to_owned(), filter, offset: 0, limit };
    fill(search, &USERS, query, |hit| read(access, &blocks, hit)).await
}

/// A hit as its viewer sees it; `None` if they do not, or if the index knows other names than the profile has.
async fn read(access: &Access<'_>, blocks: &BlockList, hit: Hit) -> Result<Option<User>, Refusal> {
    let Ok(id) = hit.id.parse::<UserId>() else { return Ok(None) };
    if blocks.pair(&id).is_some_and(PairBlocks::stand) {
        return Ok(None);
    }
    let profile = access.reads.published(&id).await?;
    Ok(profile.filter(|profile| names_of(&hit).eq(names(profile))).map(User::of))
}

/// What the index knows of a user's names.
fn names_of(hit: &Hit) -> impl Iterator<Item = String> {
    hit.highlighted.iter().map(|name| plain(name))
}

/// The names of a user, in the order of the index.
fn names(profile: &Profile) -> [&str; 2] {
    [&profile.username, &profile.display_name]
}
