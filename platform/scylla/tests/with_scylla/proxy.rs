//! A proxy before the shared server, which counts requests, holds answers back, and cuts.
//!
//! Invariant: what it counts has not been answered to the client yet, if answers are held.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Of a request's frame: version, flags, stream (2), opcode, length (4).
const HEADER_BYTES: usize = 9;
const EXECUTE: u8 = 0x0a;
const BATCH: u8 = 0x0d;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    /// Requests go on, answers do not.
    Held,
    /// Connections end, and new ones end at once.
    Cut,
}

/// Ends with its test.
pub struct Proxy {
    port: u16,
    requests: Arc<AtomicUsize>,
    state: watch::Sender<State>,
    _accepting: JoinSet<()>,
}

impl Proxy {
    pub async fn start() -> Self {
        let server = crate::nodes().split(',').next().expect("a node").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (state, states) = watch::channel(State::Open);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, server, Arc::clone(&requests), states));
        Self { port, requests, state, _accepting: accepting }
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }

    /// Statements and batches that were sent on.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn accept(
    listener: TcpListener,
    server: String,
    requests: Arc<AtomicUsize>,
    states: watch::Receiver<State>,
) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        if *states.borrow() == State::Cut {
            continue;
        }
        let (server, requests, states) = (server.clone(), Arc::clone(&requests), states.clone());
        connections.spawn(async move {
            let Ok(server) = TcpStream::connect(server).await else { return };
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let ((from_client, to_client), (from_server, to_server)) =
                (client.into_split(), server.into_split());
            let mut cut = states.clone();
            tokio::select! {
                _ = count(from_client, to_server, &requests) => {}
                _ = hold(from_server, to_client, states) => {}
                _ = cut.wait_for(|state| *state == State::Cut) => {}
            }
        });
    }
}

async fn count(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    loop {
        let mut frame = vec![0; HEADER_BYTES];
        from.read_exact(&mut frame).await?;
        let length = u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]]);
        frame.resize(HEADER_BYTES + length as usize, 0);
        from.read_exact(&mut frame[HEADER_BYTES..]).await?;
        if [EXECUTE, BATCH].contains(&frame[4]) {
            requests.fetch_add(1, Ordering::SeqCst);
        }
        to.write_all(&frame).await?;
    }
}

async fn hold(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut states: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 || states.wait_for(|state| *state != State::Held).await.is_err() {
            return Ok(());
        }
        to.write_all(&chunk[..read]).await?;
    }
}
