//! The API that ingest and fan-out both serve: types, reads, authentication, limits, error codes.
//!
//! Invariants: who may see what is decided in `domain::access` alone; a resolver whose answer
//! depends on the viewer asks for them by [`viewer`], which is how renderings are known to be private.

pub mod auth;
pub mod commands;
pub mod error;
pub mod limits;
pub mod live;
mod mutation;
pub mod paging;
pub mod problem;
mod query;
pub mod reads;
pub mod scalars;
mod subscription;
pub mod types;

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, Schema, ValidationMode};
use schemas::{ErrorCode, Refusal, UserId};

pub use commands::Commands;
pub use error::api_error;
pub use mutation::Mutation;
pub use query::Query;
pub use reads::Reads;
pub use subscription::Subscription;

pub type ApiSchema = Schema<Query, Mutation, Subscription>;
/// Gives payloads of subscriptions.
pub type RenderingSchema = Schema<Query, EmptyMutation, Subscription>;

/// Who asks; absent from a request that nobody has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub user: UserId,
}

/// The schema over what can be read and asked for. It runs what [`limits::admit`] has let in.
pub fn schema(reads: Arc<Reads>, commands: Arc<dyn Commands>) -> ApiSchema {
    Schema::build(Query, Mutation, Subscription)
        .disable_introspection()
        .disable_suggestions()
        .data(reads)
        .data(commands)
        .finish()
}

/// The schema for payloads of subscriptions that [`schema`] has let in: their documents are valid, and
/// their variables stay the same.
pub fn rendering_schema(reads: Arc<Reads>) -> RenderingSchema {
    Schema::build(Query, EmptyMutation, Subscription)
        .validation_mode(ValidationMode::Fast)
        .data(reads)
        .finish()
}

/// The schema for questions about itself alone, which go deeper than the limits; for development.
pub fn introspection_schema() -> ApiSchema {
    Schema::build(Query, Mutation, Subscription).introspection_only().finish()
}

/// The schema as text, as it is published.
pub fn sdl() -> String {
    Schema::build(Query, Mutation, Subscription).finish().sdl()
}

/// Who asks. Marks a rendering as theirs alone.
pub fn viewer<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Viewer> {
    if let Ok(asked) = ctx.data::<live::ViewerAsked>() {
        asked.note();
    }
    ctx.data::<Viewer>()
        .map_err(|_| api_error(Refusal::new(ErrorCode::Unauthenticated, "a valid token is needed")))
}

fn reads<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Arc<Reads>> {
    ctx.data::<Arc<Reads>>()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// With `UPDATE_EXPECT=1` it writes the file instead.
    #[test]
    fn the_published_schema_is_the_served_one() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/api.graphql");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, super::sdl()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), super::sdl());
    }
}
