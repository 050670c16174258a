//! Types of the API.

pub mod conversation;
pub mod credits;
pub mod message;
pub mod user;

use async_graphql::ID;
use schemas::Refusal;

/// An id as a client gives it. One that could not exist is one that does not.
pub fn parse_id<T: std::str::FromStr>(id: &ID) -> async_graphql::Result<T> {
    id.parse().map_err(|_| crate::api_error(Refusal::not_found()))
}
