//! Sockets: let in over HTTP, served by shards, closed one by one when the node drains.
//!
//! Invariants: nobody is let in whom the node has no room for or cannot bring up to date; when it
//! drains, each socket goes on until its own moment to be closed has come.

pub mod connection;
pub mod frames;
mod handshake;
mod operation;
mod origin;
pub mod outbox;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use graphql::auth::Authenticator;
use graphql::problem::{self, Problem};
use graphql::{ApiSchema, Reads, rendering_schema};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::Node;
use crate::metrics;
use crate::node::Entrance;
use crate::shard::{Arrival, Shards, ShardsError, Stands};

/// Where sockets come in.
#[derive(Clone)]
pub struct Sockets {
    node: Arc<Node>,
    shards: Arc<Shards>,
    /// Browsers connect from anywhere where no origins are listed.
    development: bool,
    /// Owns every socket, from its handshake to its end.
    open: TaskTracker,
    /// Owns what waits for a handshake to be answered; each holds the place of its socket.
    arriving: TaskTracker,
    draining: CancellationToken,
}

impl Sockets {
    /// Starts the shards that sockets are served by.
    pub fn new(
        (node, entrances): (Arc<Node>, Vec<Entrance>),
        schema: ApiSchema,
        authenticator: Arc<Authenticator>,
        development: bool,
    ) -> Result<Self, ShardsError> {
        metrics::export();
        let draining = CancellationToken::new();
        let rendering = rendering_schema(Arc::new(Reads::new(node.tables.clone())));
        let stands =
            Stands { node: node.clone(), schema, rendering, authenticator, draining: draining.clone() };
        let shards = Arc::new(Shards::start(&stands, entrances)?);
        let (open, arriving) = (TaskTracker::new(), TaskTracker::new());
        Ok(Self { node, shards, development, open, arriving, draining })
    }

    /// `/graphql` for WebSocket handshakes.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/graphql", get(upgrade))
            .fallback(problem::not_found)
            .method_not_allowed_fallback(problem::method_not_allowed)
            .with_state(self)
    }

    /// From `stop` on lets nobody in, and closes every socket; ends when all have ended, and before that
    /// only with a shard, which none should.
    pub async fn drain(self, stop: CancellationToken) -> Result<(), ShardsError> {
        tokio::select! {
            () = stop.cancelled() => {}
            ended = self.shards.ended() => return Err(ended),
        }
        self.draining.cancel();
        self.open.close();
        self.open.wait().await;
        self.shards.stop().await
    }

    /// A place for a socket, taken until it is dropped.
    fn place(&self) -> Option<TaskTrackerToken> {
        // It is taken before the look at the drain, which so waits for whoever it does not turn away.
        let place = self.open.token();
        let has_room = self.open.len() <= self.node.options.sockets;
        (has_room && self.node.is_ready() && !self.draining.is_cancelled()).then_some(place)
    }
}

async fn upgrade(State(sockets): State<Sockets>, request: Request) -> Response {
    if !origin::is_allowed(request.headers(), &sockets.node.options.origins, sockets.development) {
        return Problem::new(StatusCode::FORBIDDEN, "not from this origin").into_response();
    }
    let accepted = match handshake::accept(request) {
        Ok(accepted) => accepted,
        Err((status, reason)) => return Problem::new(status, reason).into_response(),
    };
    let Some(place) = sockets.place() else {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no room for another socket just now");
        return ([(header::RETRY_AFTER, "5")], problem).into_response();
    };
    let handshake::Accepted { response, upgrade, speaks } = accepted;
    let shards = sockets.shards.clone();
    // It ends with its connection, which is given no longer for a handshake than for any request.
    sockets.arriving.spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        if let Some((stream, read)) = handshake::connection(upgraded) {
            shards.take_in(Arrival { stream, read, speaks, place }).await;
        }
    });
    response
}
