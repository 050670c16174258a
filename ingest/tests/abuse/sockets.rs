//! A fan-out node in this process, and a client's socket on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanout::Node;
use fanout::cursor::CursorKey;
use fanout::socket::Sockets as Routes;
use futures::{SinkExt, StreamExt};
use graphql::{Admission, Origins};
use musclemap_ingest::http::connections;
use platform::connections::Options;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use tokio_util::sync::CancellationToken;

use crate::server::{Raw, Server, result};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sockets on a port, over empty tables.
pub struct Sockets {
    pub server: Server,
    pub routes: axum::Router,
    url: String,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: usize,
}

impl Sockets {
    /// A node that follows the log, or one that never catches up.
    pub async fn start(follows: bool, development: bool) -> Self {
        Self::of(Server::start(development).await, follows, development).await
    }

    pub async fn of(server: Server, follows: bool, development: bool) -> Self {
        let (log, tables, key) = (server.store.log(), server.store.tables(), CursorKey::new([7; 32]));
        let (node, entrances) = Node::new(log, tables, server.clock.clone(), key, fanout::Options::default())
            .await
            .expect("a node");
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let admission = Arc::new(Admission::new(&musclemap_ingest::api::sdl(), false).expect("a schema"));
        let limits = server.ingest.limits().clone();
        let schema = (server.executor.clone(), admission, limits, server.reads.clone());
        let authenticator = server.authenticator.clone();
        let origins = Origins::new(vec![], development);
        let routes = Routes::new((node.clone(), entrances), schema, authenticator, origins);
        let routes = routes.expect("threads").routes();
        if follows {
            let (following, stop) = (node.clone().run(stop.clone()), stop.clone());
            tasks.spawn(async move { following.await.unwrap_or_else(|error| panic!("{error}, {stop:?}")) });
            node.readiness().wait_for(|ready| *ready).await.expect("it catches up");
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/graphql", listener.local_addr().expect("an address"));
        let served = connections::serve(listener, routes.clone(), Options::default(), stop.clone());
        tasks.spawn(async move {
            let Ok(()) = served.await;
        });
        Self { server, routes, url, stop, tasks }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.join_all().await;
    }

    /// A socket that is acknowledged.
    pub async fn connect(&self) -> Socket {
        let mut socket = self.shake_hands(None).await.expect("a socket");
        let authorization = format!("Bearer {}", self.server.token);
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// A socket, or the status and the kind of the answer.
    pub async fn shake_hands(&self, origin: Option<&str>) -> Result<Socket, String> {
        let mut request = self.url.as_str().into_client_request().expect("a request");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "graphql-transport-ws".parse().expect("a header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Socket { stream, asked: 0 }),
            Err(Error::Http(response)) => {
                let kind = response.headers().get("content-type").map(|kind| kind.to_str().expect("text"));
                Err(format!("{} {}", response.status().as_u16(), kind.unwrap_or_default()))
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Socket {
    async fn say(&mut self, message: Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("sent");
    }

    async fn hear(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.stream.next()).await.expect("in time");
            match message.expect("the socket is open").expect("the socket is open") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The first message for a subscription.
    pub async fn first(&mut self, document: &str) -> Value {
        self.asked += 1;
        let payload = json!({ "query": document });
        self.say(json!({ "type": "subscribe", "id": self.asked.to_string(), "payload": payload })).await;
        self.hear().await
    }

    /// Runs an operation to its end: the code of its first error, or `ok`; and how long it took.
    pub async fn ask(&mut self, request: &Raw) -> (String, Duration) {
        self.asked += 1;
        let payload: Value = serde_json::from_slice(&request.body).expect("JSON");
        let start = Instant::now();
        self.say(json!({ "type": "subscribe", "id": self.asked.to_string(), "payload": payload })).await;
        let answer = self.hear().await;
        assert_eq!(answer["id"], self.asked.to_string());
        if answer["type"] == "next" {
            assert_eq!(self.hear().await["type"], "complete");
            return (result(&answer["payload"]), start.elapsed());
        }
        assert_eq!(answer["type"], "error");
        (result(&json!({ "errors": answer["payload"] })), start.elapsed())
    }
}
