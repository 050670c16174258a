//! Sockets: accepted over HTTP, served by shards, closed one by one when the node drains.
//!
//! Invariants: a socket is accepted only if the node has room for it and is up to date; in a drain each socket
//! is served until its own moment to be closed.

pub mod closing;
pub mod connection;
pub mod frames;
mod handshake;
mod operation;
pub mod outbox;
pub mod quotas;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use graphql::auth::Authenticator;
use graphql::limits::Peer;
use graphql::problem::{self, Problem};
use graphql::{Admission, Executor, Limits, Origins, Reads, rendering_schema};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::Node;
use crate::metrics;
use crate::node::Entrance;
use crate::shard::{Arrival, Holds, Shards, ShardsError, Stands};

/// How long sockets have to end in a drain: as long as they are closed one by one, and a closing handshake; less
/// than the process waits for what serves clients.
const DRAIN_WITHIN: Duration = Duration::from_secs(18);

/// Where sockets come in.
#[derive(Clone)]
pub struct Sockets {
    node: Arc<Node>,
    shards: Arc<Shards>,
    /// Origins that browsers may connect from.
    origins: Origins,
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
        (executor, admission, limits, reads): (Executor, Admission, Arc<Limits>, Arc<Reads>),
        authenticator: Arc<Authenticator>,
        origins: Origins,
    ) -> Result<Self, ShardsError> {
        metrics::export();
        let draining = CancellationToken::new();
        let stands = Stands {
            node: node.clone(),
            executor,
            admission,
            limits,
            rendering: rendering_schema(reads),
            authenticator,
            draining: draining.clone(),
        };
        let shards = Arc::new(Shards::start(&stands, entrances)?);
        let (open, arriving) = (TaskTracker::new(), TaskTracker::new());
        Ok(Self { node, shards, origins, open, arriving, draining })
    }

    /// `/graphql` for WebSocket handshakes.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/graphql", get(upgrade))
            .fallback(problem::not_found)
            .method_not_allowed_fallback(problem::method_not_allowed)
            .with_state(self)
    }

    /// From `stop` on accepts no socket, and closes every open one; ends when all have ended, or have had the
    /// time to. Before that it ends only if a shard ends, which none should.
    pub async fn drain(self, stop: CancellationToken) -> Result<(), ShardsError> {
        tokio::select! {
            () = stop.cancelled() => {}
            ended = self.shards.ended() => return Err(ended),
        }
        self.draining.cancel();
        self.open.close();
        if timeout(DRAIN_WITHIN, self.open.wait()).await.is_err() {
            // Each was sent a close frame; its client resumes elsewhere.
            tracing::warn!(sockets = self.open.len(), "sockets cut off at the end of the drain");
        }
        self.shards.stop().await
    }

    /// A place for a socket, taken until it is dropped.
    fn place(&self) -> Option<TaskTrackerToken> {
        // Taken before the drain is checked, so that a drain waits for every socket that it does not refuse.
        let place = self.open.token();
        let has_room = self.open.len() <= self.node.options.sockets;
        (has_room && self.node.is_ready() && !self.draining.is_cancelled()).then_some(place)
    }
}

async fn upgrade(State(sockets): State<Sockets>, request: Request) -> Response {
    if !sockets.origins.allow(request.headers()) {
        return Problem::new(StatusCode::FORBIDDEN, "not from this origin").into_response();
    }
    let peer = Peer::of(request.extensions());
    let accepted = match handshake::accept(request) {
        Ok(accepted) => accepted,
        Err(refused) => return refused.into_response(),
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
        if let Some(handshake::Opened { stream, read, connection, reading }) = handshake::connection(upgraded)
        {
            let holds = Holds { peer, _node: place, _connection: connection };
            shards.take_in(Arrival { stream, read, speaks, reading, holds }).await;
        }
    });
    response
}

#[cfg(test)]
mod tests;
