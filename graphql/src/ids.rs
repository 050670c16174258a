//! Ids as clients give them.

use std::str::FromStr;

use async_graphql::ID;
use schemas::Refusal;

/// An id as a client gives it. A malformed id is answered as one that does not exist.
pub fn parse_id<T: FromStr>(id: &ID) -> Result<T, Refusal> {
    id.parse().map_err(|_| Refusal::not_found())
}
