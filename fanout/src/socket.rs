//! One socket: `graphql-transport-ws` from its handshake to its close.
//!
//! Invariants: nothing is run before the init is accepted; everything that is ready goes out in one
//! write; a client that does not read is closed, never waited for.

mod operation;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use graphql::auth::Authenticator;
use graphql::{ApiSchema, Viewer};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

use crate::Node;
use crate::protocol::{ClientMessage, CloseCode, Init, MAX_MESSAGE_BYTES, PROTOCOL, ServerMessage};
use crate::subscription::Outgoing;

/// Beyond this a socket is not held open on one token.
const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Messages that may wait for one socket's write.
const OUT_QUEUE: usize = 64;
/// How long one write may take before the client counts as gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What sockets stand on.
#[derive(Clone)]
pub struct Sockets {
    pub node: Arc<Node>,
    pub schema: ApiSchema,
    pub authenticator: Arc<Authenticator>,
    open: Arc<AtomicUsize>,
}

impl Sockets {
    pub fn new(node: Arc<Node>, schema: ApiSchema, authenticator: Arc<Authenticator>) -> Self {
        Self { node, schema, authenticator, open: Arc::default() }
    }

    /// `/graphql` for WebSocket handshakes.
    pub fn routes(self) -> Router {
        Router::new().route("/graphql", get(upgrade)).with_state(self)
    }
}

/// A socket counts as open until this is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let place = Self(open.clone());
        if open.fetch_add(1, Ordering::AcqRel) < most { Some(place) } else { None }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn upgrade(State(sockets): State<Sockets>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let origins = &sockets.node.options.origins;
    let origin = headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    if let Some(origin) = origin.filter(|_| !origins.is_empty())
        && !origins.iter().any(|allowed| allowed == origin)
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    let place = Place::take(&sockets.open, sockets.node.options.sockets);
    let Some(place) = place.filter(|_| sockets.node.is_ready()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response();
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
    /// Each gives the id of its operation when it ends.
    tasks: JoinSet<String>,
    out: mpsc::Sender<Outgoing>,
}

async fn serve(sockets: Sockets, socket: WebSocket) {
    if socket.protocol().is_none_or(|protocol| protocol != PROTOCOL) {
        let (mut sink, _) = socket.split();
        close(&mut sink, CloseCode::BadRequest).await;
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
    if let Err(Some(code)) = connection.run(&mut sink, &mut stream, &mut outgoing).await {
        close(&mut sink, code).await;
    }
}

async fn close(sink: &mut SplitSink<WebSocket, Message>, code: CloseCode) {
    let frame = CloseFrame { code: code.code(), reason: code.reason().into() };
    // The client may be gone; then there is nobody to tell.
    let _ = timeout(WRITE_WITHIN, sink.send(Message::Close(Some(frame)))).await;
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
        let options = self.sockets.node.options.clone();
        let draining = self.sockets.node.draining.clone();
        loop {
            tokio::select! {
                message = stream.next() => match message {
                    Some(Ok(message)) => self.hear(message, sink).await?,
                    Some(Err(_)) | None => return Err(None),
                },
                Some(first) = outgoing.recv() => write(sink, first, outgoing).await?,
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    if let Ok(operation) = ended {
                        self.operations.remove(&operation);
                    }
                }
                () = sleep_until(self.valid_until) => {
                    let code = if self.viewer.is_some() { CloseCode::Unauthorized } else { CloseCode::InitTimeout };
                    return Err(Some(code));
                }
                () = draining.cancelled() => {
                    let share: f64 = rand::random();
                    tokio::time::sleep(options.drain_over.mul_f64(share)).await;
                    return Err(Some(CloseCode::Restart));
                }
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
                let ended = id.clone();
                let task = self.tasks.spawn(async move {
                    run.await;
                    ended
                });
                self.operations.insert(id, task);
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
