//! A web site of the test, with the name server that knows it: it serves the pages that a test gives it, in the ways that
//! pages can be bad, and counts what is asked for.

mod pages;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::name_server;
use crate::process::PATIENCE;

pub use pages::{bomb, card};

/// The key to a provider of GIFs.
pub const GIFS_KEY: &str = "key-of-a-test";
/// Between two bytes of a page that drips.
const DRIP: Duration = Duration::from_secs(1);

/// What is at a path.
#[derive(Debug, Clone)]
pub enum Page {
    /// Status, content type and body.
    Whole(u16, &'static str, Vec<u8>),
    /// A page that is compressed by gzip.
    Gzip(Vec<u8>),
    /// A redirect.
    Elsewhere(String),
    /// Nothing, while the connection lasts.
    Silence,
    /// One byte a second, without end.
    Drip,
}

impl Page {
    pub fn html(text: impl Into<String>) -> Self {
        Self::Whole(200, "text/html; charset=utf-8", text.into().into_bytes())
    }
}

#[derive(Default)]
struct State {
    pages: HashMap<String, Page>,
    asked: HashMap<String, usize>,
}

/// Until it is dropped.
pub struct Site {
    address: SocketAddr,
    names: SocketAddr,
    state: Arc<Mutex<State>>,
    _serving: JoinSet<()>,
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::<Mutex<State>>::default();
        let mut serving = JoinSet::new();
        let names = name_server::serve(&mut serving).await;
        let of_clients = state.clone();
        serving.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = of_clients.clone();
                clients.spawn(async move {
                    // What a client does to its connection is its own affair.
                    let _ = converse(stream, &state).await;
                });
            }
        });
        Self { address, names, state, _serving: serving }
    }

    /// What a system is told so that links lead here.
    pub fn variables(&self, prefix: &str) -> Vec<(String, String)> {
        let variables = [
            ("NETWORKS", "127.0.0.1/32".to_owned()),
            ("PORTS", self.address.port().to_string()),
            ("NAME_SERVERS", self.names.to_string()),
        ];
        variables.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)).collect()
    }

    /// What a system is told so that its provider of GIFs, of a kind by its name, is below `/api` here.
    pub fn as_provider(&self, name: &str, prefix: &str, development: &str) -> Vec<(String, String)> {
        let own = [("PROVIDER", name.to_owned()), ("URL", self.link("/api")), ("KEY", GIFS_KEY.to_owned())];
        let own = own.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value));
        own.chain(self.variables(&format!("{prefix}{development}"))).collect()
    }

    /// The link to a path.
    pub fn link(&self, path: &str) -> String {
        format!("http://site.test:{}{path}", self.address.port())
    }

    /// Puts a page at a path, and gives its link.
    pub fn put(&self, path: &str, page: Page) -> String {
        locked(&self.state).pages.insert(path.to_owned(), page);
        self.link(path)
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        locked(&self.state).asked.get(path).copied().unwrap_or(0)
    }

    /// Waits until a path was asked for.
    pub async fn until_asked(&self, path: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.asked(path) == 0 {
            assert!(Instant::now() < deadline, "{path} is not asked for");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn converse(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = {
        let mut state = locked(state);
        *state.asked.entry(path.clone()).or_default() += 1;
        state.pages.get(&path).cloned().unwrap_or(Page::Whole(404, "text/plain", b"nothing".to_vec()))
    };
    let (status, headers, body) = match page {
        Page::Whole(status, kind, body) => (status, format!("content-type: {kind}\r\n"), body),
        Page::Gzip(body) => (200, "content-type: text/html\r\ncontent-encoding: gzip\r\n".to_owned(), body),
        Page::Elsewhere(to) => (302, format!("location: {to}\r\n"), vec![]),
        Page::Silence => {
            stream.read_u8().await?;
            return Ok(());
        }
        Page::Drip => {
            stream.write_all(b"HTTP/1.1 200 Said\r\ncontent-type: text/html\r\n\r\n").await?;
            loop {
                stream.write_all(b"<").await?;
                sleep(DRIP).await;
            }
        }
    };
    let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(answer.as_bytes()).await?;
    stream.write_all(&body).await?;
    stream.shutdown().await
}
