//! A fan-out node in this process, and a client's socket on it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fanout::Node;
use fanout::cursor::CursorKey;
use fanout::socket::Sockets as Routes;
use futures::{SinkExt, StreamExt};
use graphql::{Admission, Origins};
use musclemap_ingest::http::connections::{self, Serving};
use musclemap_ingest::http::tls::Tls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

use crate::server::{Raw, Server, result};

const PATIENCE: Duration = Duration::from_secs(20);

/// Sockets on a port, over empty tables.
pub struct Sockets {
    pub server: Server,
    pub routes: axum::Router,
    url: String,
    /// By which clients open TLS, where the port has it.
    tls: Option<TlsConnector>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

pub struct Socket {
    stream: WebSocketStream<Box<dyn Io>>,
    asked: usize,
}

impl Sockets {
    /// A node that follows the log, or one that never catches up.
    pub async fn start(follows: bool, development: bool) -> Self {
        Self::of(Server::start(development).await, follows, development).await
    }

    pub async fn of(server: Server, follows: bool, development: bool) -> Self {
        Self::on((server, Serving::default(), None), follows, development).await
    }

    /// The same, behind TLS.
    pub async fn behind_tls() -> Self {
        let file = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name);
        let tls = Tls::load(&file("one.pem"), &file("one.key")).expect("a certificate");
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(file("ca.pem")).expect("a certificate");
        roots.add(authority).expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let serving = Serving { tls: Some(tls), ..Serving::default() };
        let connector = Some(TlsConnector::from(Arc::new(config)));
        Self::on((Server::start(false).await, serving, connector), true, false).await
    }

    async fn on(
        (server, serving, tls): (Server, Serving, Option<TlsConnector>),
        follows: bool,
        development: bool,
    ) -> Self {
        let (log, tables, key) = (server.store.log(), server.store.tables(), CursorKey::new([7; 32]));
        let (awareness, options) = (server.reads.awareness.clone(), fanout::Options::default());
        let node = Node::new(log, tables, server.clock.clone(), awareness, key, options).await;
        let (node, entrances) = node.expect("a node");
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let admission = Admission::new(&musclemap_ingest::api::sdl(), false).expect("a schema");
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
        let served = connections::serve(listener, routes.clone(), serving, stop.clone());
        tasks.spawn(async move {
            let Ok(()) = served.await;
        });
        Self { server, routes, url, tls, stop, tasks }
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
        let address = request.uri().authority().expect("an address").to_string();
        let stream = TcpStream::connect(address).await.expect("a connection");
        let stream: Box<dyn Io> = match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                let name = ServerName::try_from("localhost").expect("a name");
                Box::new(tls.connect(name, stream).await.expect("a handshake"))
            }
        };
        match client_async(request, stream).await {
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
