//! A line between a client and a server that can lose what is sent, for a time or for good.
//!
//! Invariant: while it is held nothing comes through, either way, and neither side is told.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Held,
    Cut,
}

pub struct Wire {
    /// Where a client finds what is at the other end.
    pub url: String,
    state: watch::Sender<State>,
    /// Ends with the wire.
    _lines: JoinSet<()>,
}

impl Wire {
    /// A line to the server of a URL, for each connection.
    pub async fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").expect("a URL");
        let (server, path) = rest.split_once('/').expect("a path");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let (state, told) = watch::channel(State::Open);
        let (server, mut lines) = (server.to_owned(), JoinSet::new());
        lines.spawn(async move {
            let mut ends = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let server = TcpStream::connect(&server).await.expect("a server");
                let (from_server, to_server) = server.into_split();
                ends.spawn(carry(from_client, to_server, told.clone()));
                ends.spawn(carry(from_server, to_client, told.clone()));
            }
        });
        Self { url: format!("{scheme}://{here}/{path}"), state, _lines: lines }
    }

    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    /// What was sent meanwhile comes through, as TCP sends again what was lost.
    pub fn release(&self) {
        self.state.send_replace(State::Open);
    }

    /// Both sides are told that the connection has ended.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            changed = state.wait_for(|state| *state == State::Cut) => return drop(changed),
            read = from.read(&mut buffer) => read,
        };
        let Ok(bytes @ 1..) = read else { return };
        match state.wait_for(|state| *state != State::Held).await.as_deref() {
            Ok(State::Open) => {}
            _ => return,
        }
        if to.write_all(&buffer[..bytes]).await.is_err() {
            return;
        }
    }
}
