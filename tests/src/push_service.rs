//! A push service of the test, at two names, with the name server that knows them: it keeps what it is sent, and
//! answers as a test says. It is FCM and its token endpoint as well, where a test answers for them.
//!
//! Invariant: it knows the standards of web push, and nothing of the code that pushes.

mod browser;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs::read_to_string;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

use crate::name_server;
use crate::process::PATIENCE;

pub use browser::{Browser, Opened};

/// The names that the certificate has.
pub const HOSTS: [&str; 2] = ["secure.test", "also.test"];
/// Where apps of the service account's project are sent pushes, and where its token comes from.
pub const SEND: &str = "/v1/projects/musclemap-test/messages:send";
pub const TOKEN: &str = "/token";
const FCM_KEY: &str = include_str!("../../processors/notifier/tests/keys/fcm.key");
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../platform/egress/tests/keys");

/// A push that was received.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub host: String,
    pub path: String,
    /// By names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    pub at: Instant,
}

/// How a push is answered.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    Status(u16),
    /// With the seconds of a header `Retry-After`.
    Later(u16, u32),
    /// A body in JSON.
    Json(u16, &'static str),
    /// A redirect to another path.
    Elsewhere,
    /// Success with a body of 10 MB.
    Endless,
    /// Nothing, while the connection lasts.
    Silence,
}

/// Replies that wait, by path; the last one of a path stays.
type Replies = Arc<Mutex<HashMap<String, VecDeque<Reply>>>>;

/// Until it is dropped.
pub struct PushService {
    address: SocketAddr,
    names: SocketAddr,
    replies: Replies,
    pushed: watch::Receiver<Vec<Pushed>>,
    /// The key of a service account, as a file of JSON.
    account: NamedTempFile,
    _serving: JoinSet<()>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PushService {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (replies, (sender, pushed)) = (Replies::default(), watch::channel(vec![]));
        let (tls, answers) = (acceptor(), replies.clone());
        let mut serving = JoinSet::new();
        let names = name_server::serve(&mut serving).await;
        serving.spawn(async move {
            let sender = Arc::new(sender);
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, replies, sender) = (tls.clone(), answers.clone(), sender.clone());
                clients.spawn(async move {
                    // What a client does to its connection is its own affair.
                    let _ = converse(stream, tls, replies, &sender).await;
                });
            }
        });
        let origin = format!("https://{}:{}", HOSTS[0], address.port());
        let key = json!({
            "type": "service_account", "project_id": "musclemap-test", "client_email": "push@musclemap.test",
            "private_key": FCM_KEY, "token_uri": format!("{origin}{TOKEN}"),
        });
        let account = NamedTempFile::new().expect("a file");
        std::fs::write(account.path(), key.to_string()).expect("a file");
        Self { address, names, replies, pushed, account, _serving: serving }
    }

    /// What a system is told so that pushes to apps come here, with the account as a file or as its text.
    pub fn fcm(&self, prefix: &str, is_file: bool) -> [(String, String); 2] {
        let path = self.account.path();
        let account =
            if is_file { path.display().to_string() } else { read_to_string(path).expect("a file") };
        [("ACCOUNT", account), ("URL", self.origin(HOSTS[0]))]
            .map(|(name, value)| (format!("{prefix}{name}"), value))
    }

    /// What a system is told so that its pushes come here.
    pub fn variables(&self, prefix: &str) -> Vec<(String, String)> {
        let variables = [
            ("NETWORKS", "127.0.0.1/32".to_owned()),
            ("PORTS", self.address.port().to_string()),
            ("NAME_SERVERS", self.names.to_string()),
            ("AUTHORITIES", format!("{KEYS}/ca.pem")),
        ];
        variables.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect()
    }

    pub fn origin(&self, host: &str) -> String {
        format!("https://{host}:{}", self.address.port())
    }

    /// An endpoint at one of the names.
    pub fn endpoint(&self, host: &str, path: &str) -> String {
        format!("{}{path}", self.origin(host))
    }

    /// How pushes to a path are answered, one after another; further ones as the last.
    pub fn replies(&self, path: &str, replies: &[Reply]) {
        locked(&self.replies).insert(path.to_owned(), replies.iter().copied().collect());
    }

    /// The pushes to a path so far.
    pub fn pushed(&self, path: &str) -> Vec<Pushed> {
        self.pushed.borrow().iter().filter(|pushed| pushed.path == path).cloned().collect()
    }

    /// The pushes to a path, once there are so many.
    pub async fn until(&self, path: &str, count: usize) -> Vec<Pushed> {
        let mut pushed = self.pushed.clone();
        let is_there = |all: &Vec<Pushed>| all.iter().filter(|pushed| pushed.path == path).count() >= count;
        let waited = timeout(PATIENCE, pushed.wait_for(is_there)).await;
        assert!(waited.is_ok_and(|seen| seen.is_ok()), "{count} pushes to {path}: {:?}", self.pushed(path));
        self.pushed(path)
    }
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(PathBuf::from(KEYS).join("secure.pem"));
    let key = PrivateKeyDer::from_pem_file(PathBuf::from(KEYS).join("secure.key"));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocols")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("a certificate")], key.expect("a key"))
        .expect("a pair");
    TlsAcceptor::from(Arc::new(config))
}

async fn converse(
    stream: TcpStream,
    tls: TlsAcceptor,
    replies: Replies,
    pushed: &watch::Sender<Vec<Pushed>>,
) -> std::io::Result<()> {
    let mut stream = tls.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let headers = head.lines().filter_map(|line| line.split_once(": "));
    let headers: BTreeMap<String, String> =
        headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let host = header("host").split(':').next().unwrap_or_default().to_owned();
    let reply = {
        let mut replies = locked(&replies);
        let waiting = replies.entry(path.clone()).or_default();
        let last = waiting.back().copied().unwrap_or(Reply::Status(201));
        if waiting.len() > 1 { waiting.pop_front().unwrap_or(last) } else { last }
    };
    pushed.send_modify(|all| all.push(Pushed { host, path, headers, body, at: Instant::now() }));
    let (status, more, length) = match reply {
        Reply::Status(status) => (status, String::new(), 0),
        Reply::Later(status, seconds) => (status, format!("retry-after: {seconds}\r\n"), 0),
        Reply::Json(status, body) => {
            let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await?;
            return stream.shutdown().await;
        }
        Reply::Elsewhere => (307, "location: /elsewhere\r\n".to_owned(), 0),
        Reply::Endless => (201, String::new(), 10_000_000),
        Reply::Silence => {
            stream.read_u8().await?;
            return Ok(());
        }
    };
    let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {length}\r\n{more}\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.write_all(&vec![b'x'; length]).await?;
    stream.shutdown().await
}
