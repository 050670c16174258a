//! One socket: `graphql-transport-ws` from its handshake to its close.
//!
//! Invariants: nothing is run before the init is accepted; everything that is ready goes out in one
//! write; a client that does not read is closed, never waited for; when the node drains, each socket
//! goes on until its own moment to be closed has come.

mod operation;
mod origin;

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use graphql::auth::Authenticator;
use graphql::problem::{self, Problem};
use graphql::{ApiSchema, Viewer};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::Node;
use crate::protocol::{ClientMessage, CloseCode, Init, MAX_MESSAGE_BYTES, PROTOCOL, ServerMessage};
use crate::subscription::Outgoing;

/// Beyond this a socket is not held open on one token.
const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Messages that may wait for one socket's write.
const OUT_QUEUE: usize = 64;
/// How long one write may take before the client counts as gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long a client that was told why has for its own goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// What sockets stand on.
#[derive(Clone)]
pub struct Sockets {
    pub node: Arc<Node>,
    pub schema: ApiSchema,
    pub authenticator: Arc<Authenticator>,
    /// Browsers connect from anywhere where no origins are listed.
    development: bool,
    /// Owns every socket, from its handshake to its end.
    open: TaskTracker,
    draining: CancellationToken,
}

impl Sockets {
    pub fn new(
        node: Arc<Node>,
        schema: ApiSchema,
        authenticator: Arc<Authenticator>,
        development: bool,
    ) -> Self {
        let (open, draining) = (TaskTracker::new(), CancellationToken::new());
        Self { node, schema, authenticator, development, open, draining }
    }

    /// `/graphql` for WebSocket handshakes.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/graphql", get(upgrade))
            .fallback(problem::not_found)
            .method_not_allowed_fallback(problem::method_not_allowed)
            .with_state(self)
    }

    /// From `stop` on lets nobody in, and closes every socket; ends when all have ended.
    pub async fn drain(self, stop: CancellationToken) -> Result<(), Infallible> {
        stop.cancelled().await;
        self.draining.cancel();
        self.open.close();
        self.open.wait().await;
        Ok(())
    }

    /// A place for a socket, taken until it is dropped.
    fn place(&self) -> Option<TaskTrackerToken> {
        // It is taken before the look at the drain, which so waits for whoever it does not turn away.
        let place = self.open.token();
        let has_room = self.open.len() <= self.node.options.sockets;
        (has_room && self.node.is_ready() && !self.draining.is_cancelled()).then_some(place)
    }

    /// Resolves when the node drains and it is a socket's turn to be closed.
    async fn turn_to_close(&self) {
        self.draining.cancelled().await;
        sleep(self.node.options.drain_over.mul_f64(rand::random())).await;
    }
}

async fn upgrade(
    State(sockets): State<Sockets>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !origin::is_allowed(&headers, &sockets.node.options.origins, sockets.development) {
        return Problem::new(StatusCode::FORBIDDEN, "not from this origin").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    let Some(place) = sockets.place() else {
        let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no room for another socket just now");
        return ([(header::RETRY_AFTER, "5")], problem).into_response();
    };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(1024 * 1024)
        .on_upgrade(move |socket| async move {
            let _place = place;
            serve(sockets, socket).await;
        })
}

/// A socket and what runs on it.
struct Connection {
    sockets: Sockets,
    viewer: Option<Viewer>,
    /// When the init must have come, then when its token expires.
    valid_until: Instant,
    operations: HashMap<String, AbortHandle>,
    tasks: JoinSet<()>,
    out: mpsc::Sender<Outgoing>,
}

async fn serve(sockets: Sockets, socket: WebSocket) {
    if socket.protocol().is_none_or(|protocol| protocol != PROTOCOL) {
        let (mut sink, mut stream) = socket.split();
        close(&mut sink, &mut stream, CloseCode::BadRequest).await;
        return;
    }
    let (mut sink, mut stream) = socket.split();
    let (out, mut outgoing) = mpsc::channel(OUT_QUEUE);
    let valid_until = Instant::now() + sockets.node.options.init_within;
    let mut connection = Connection {
        sockets,
        viewer: None,
        valid_until,
        operations: HashMap::new(),
        tasks: JoinSet::new(),
        out,
    };
    let ended = connection.run(&mut sink, &mut stream, &mut outgoing).await;
    connection.tasks.shutdown().await;
    if let Err(Some(code)) = ended {
        close(&mut sink, &mut stream, code).await;
    }
}

/// Tells the client why, and hears it out for a while: a socket that is dropped with something unread
/// is reset, and the client might never see the code.
async fn close(
    sink: &mut SplitSink<WebSocket, Message>,
    stream: &mut SplitStream<WebSocket>,
    code: CloseCode,
) {
    let frame = CloseFrame { code: code.code(), reason: code.reason().into() };
    // The client may be gone; then there is nobody to tell.
    if let Ok(Ok(())) = timeout(WRITE_WITHIN, sink.send(Message::Close(Some(frame)))).await {
        let goodbye = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = timeout(GOODBYE_WITHIN, goodbye).await;
    }
}

/// The end of a socket: with a code to close it with, or without because it is closed.
type End = Option<CloseCode>;

impl Connection {
    async fn run(
        &mut self,
        sink: &mut SplitSink<WebSocket, Message>,
        stream: &mut SplitStream<WebSocket>,
        outgoing: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), End> {
        let sockets = self.sockets.clone();
        let mut turn_to_close = pin!(sockets.turn_to_close());
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(message)) => self.hear(message, sink).await?,
                    Some(Err(_)) | None => return Err(None),
                },
                Some(first) = outgoing.recv() => write(sink, first, outgoing).await?,
                Some(ended) = self.tasks.join_next_with_id() => {
                    let ended = ended.map_or_else(|error| error.id(), |(task, ())| task);
                    // Its name may be a newer operation's by now.
                    self.operations.retain(|_, task| task.id() != ended);
                }
                () = sleep_until(self.valid_until) => {
                    let code = if self.viewer.is_some() { CloseCode::Unauthorized } else { CloseCode::InitTimeout };
                    return Err(Some(code));
                }
                () = &mut turn_to_close => return Err(Some(CloseCode::Restart)),
            }
        }
    }

    async fn hear(&mut self, message: Message, sink: &mut SplitSink<WebSocket, Message>) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(CloseCode::BadRequest)),
            Message::Close(_) => return Err(None),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
        };
        let message: ClientMessage = serde_json::from_str(&text).map_err(|_| Some(CloseCode::BadRequest))?;
        match message {
            ClientMessage::ConnectionInit { payload } => {
                self.init(payload.unwrap_or_default())?;
                self.say(sink, &ServerMessage::ConnectionAck).await
            }
            ClientMessage::Ping { payload } => self.say(sink, &ServerMessage::Pong { payload }).await,
            ClientMessage::Pong {} => Ok(()),
            ClientMessage::Complete { id } => {
                if let Some(task) = self.operations.remove(&id) {
                    task.abort();
                }
                Ok(())
            }
            ClientMessage::Subscribe { id, payload } => {
                let viewer = self.viewer.clone().ok_or(Some(CloseCode::Unauthorized))?;
                if self.operations.contains_key(&id) {
                    return Err(Some(CloseCode::DuplicateOperation));
                }
                if self.operations.len() >= self.sockets.node.options.operations_per_socket {
                    return Err(Some(CloseCode::Overloaded));
                }
                let run = operation::run(self.sockets.clone(), viewer, id.clone(), payload, self.out.clone());
                self.operations.insert(id, self.tasks.spawn(run));
                Ok(())
            }
        }
    }

    fn init(&mut self, init: Init) -> Result<(), End> {
        if self.viewer.is_some() {
            return Err(Some(CloseCode::TooManyInits));
        }
        let token = init.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        let token = token.ok_or(Some(CloseCode::Forbidden))?;
        let now = self.sockets.node.now();
        let identity =
            self.sockets.authenticator.verify(token, now).map_err(|_| Some(CloseCode::Forbidden))?;
        self.viewer = Some(Viewer { user: identity.user });
        let milliseconds = u64::try_from(identity.expires_at - now).unwrap_or(0).min(LONGEST_MS);
        self.valid_until = Instant::now() + Duration::from_millis(milliseconds);
        Ok(())
    }

    async fn say(
        &self,
        sink: &mut SplitSink<WebSocket, Message>,
        message: &ServerMessage<'_>,
    ) -> Result<(), End> {
        send(sink, Message::Text(message.to_text().into())).await
    }
}

async fn send(sink: &mut SplitSink<WebSocket, Message>, message: Message) -> Result<(), End> {
    match timeout(WRITE_WITHIN, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(None),
        Err(_) => Err(Some(CloseCode::TooSlow)),
    }
}

/// Writes everything that is ready, then flushes once.
async fn write(
    sink: &mut SplitSink<WebSocket, Message>,
    first: Outgoing,
    outgoing: &mut mpsc::Receiver<Outgoing>,
) -> Result<(), End> {
    let all = async {
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Outgoing::Text(text) => sink.feed(Message::Text(text.into())).await.map_err(|_| None)?,
                Outgoing::Close(code) => return Err(Some(code)),
            }
            next = outgoing.try_recv().ok();
        }
        sink.flush().await.map_err(|_| None)
    };
    timeout(WRITE_WITHIN, all).await.unwrap_or(Err(Some(CloseCode::TooSlow)))
}
