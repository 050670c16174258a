//! The API that ingest and fan-out both serve: types, reads, authentication, limits, error codes.
//!
//! Invariants: who may see what is decided in `domain::access` alone; a resolver whose answer depends on
//! the viewer gets them from [`viewer`], which marks a rendering as private.

pub mod account;
pub mod address;
pub mod admission;
pub mod attachment;
pub mod auth;
pub mod conversation;
pub mod deadline;
pub mod error;
pub mod ids;
pub mod limits;
pub mod links;
pub mod live;
pub mod message;
pub mod metering;
pub mod origins;
pub mod paging;
pub mod people;
pub mod problem;
mod query;
pub mod reads;
pub mod reporting;
pub mod rows;
pub mod scalars;
pub mod search;
pub mod smart_replies;
pub mod standing;
pub mod stickers;
pub mod subscriptions;
pub mod trace;
pub mod unpaired;
pub mod vapid;

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, Object, Request, Response, Schema, ValidationMode};
use futures::stream::BoxStream;
use schemas::flags::Tier;
use schemas::position::LogTime;
use schemas::{ErrorCode, Refusal, UserId};

pub use address::TrustedProxies;
pub use admission::Admission;
pub use auth::Roles;
pub use error::{Error, Result};
pub use limits::Limits;
pub use links::Links;
pub use origins::Origins;
pub use query::Query;
pub use reads::{Access, Reads, Rights};
pub use rows::Rows;
pub use search::Search;
pub use smart_replies::SmartReplies;
pub use standing::Standings;
pub use subscriptions::Subscription;
pub use trace::TraceParent;
pub use vapid::VapidPublicKey;

use auth::Identity;
use live::Sealed;

/// Runs requests of the API: of a query or a mutation one response, of a subscription its own.
pub type Executor = Arc<dyn Fn(Request) -> BoxStream<'static, Response> + Send + Sync>;

/// The user who sent a request; absent from an unsigned one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    pub user: UserId,
    /// As the token of this request says.
    pub roles: Roles,
    pub tier: Option<Tier>,
    /// When the token was issued.
    pub issued_at: LogTime,
}

impl From<Identity> for Viewer {
    fn from(identity: Identity) -> Self {
        let Identity { user, roles, tier, issued_at, .. } = identity;
        Self { user, roles, tier, issued_at }
    }
}

impl Viewer {
    /// A user without a role and of no tier, by a token that nothing revokes.
    pub fn plain(user: UserId) -> Self {
        Self { user, roles: Roles::default(), tier: None, issued_at: LogTime::MAX }
    }
}

/// Request data: the request may read the schema, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Introspection;

/// The query root of the rendering schema. It reads nothing.
pub struct RenderingQuery;

#[Object]
impl RenderingQuery {
    async fn is_rendering(&self) -> bool {
        true
    }
}

/// The schema that gives payloads of subscriptions. Their documents were admitted and validated when they
/// were subscribed to, and their variables stay the same.
#[derive(Clone)]
pub struct RenderingSchema {
    schema: Schema<RenderingQuery, EmptyMutation, Subscription>,
    reads: Arc<Reads>,
}

pub fn rendering_schema(reads: Arc<Reads>) -> RenderingSchema {
    let schema = Schema::build(RenderingQuery, EmptyMutation, Subscription)
        .validation_mode(ValidationMode::Fast)
        .disable_introspection()
        .disable_suggestions()
        .data(reads.clone())
        .finish();
    RenderingSchema { schema, reads }
}

impl RenderingSchema {
    /// Runs a request with rights of its own.
    pub fn execute_stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request.data(Rights::default()))
    }

    /// The schema as text: every type that a payload can reach.
    pub fn sdl(&self) -> String {
        self.schema.sdl()
    }

    /// Renderings of one event differ when this does: it names fewer users.
    pub fn erasures(&self) -> usize {
        self.reads.erasures()
    }
}

/// The viewer of a request. In a rendering this opens the seal, which marks the rendering as private.
pub fn viewer<'a>(ctx: &Context<'a>) -> Result<&'a Viewer> {
    if let Some(sealed) = ctx.data_opt::<Sealed>() {
        return Ok(sealed.open());
    }
    let viewer = ctx.data_opt::<Viewer>();
    viewer.ok_or_else(|| Refusal::new(ErrorCode::Unauthenticated, "a valid token is needed").into())
}

/// Reads for the viewer of a request.
pub fn access<'a>(ctx: &Context<'a>) -> Result<Access<'a>> {
    let viewer = &viewer(ctx)?.user;
    let rights = ctx.data_opt::<Rights>().ok_or_else(|| error::internal(&"a request without rights"))?;
    Ok(Access { reads: reads(ctx)?, rights, viewer })
}

/// Reads that depend on no viewer.
fn reads<'a>(ctx: &Context<'a>) -> Result<&'a Reads> {
    let reads = ctx.data_opt::<Arc<Reads>>();
    Ok(reads.ok_or_else(|| error::internal(&"a schema without reads"))?)
}
