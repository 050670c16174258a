//! One client: comes, listens, and comes back with its cursor when its connection ends.
//!
//! Invariant: it goes on from its last cursor, and stays away only while it is told to.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use socket2::SockRef;
use tests::frames::{Frames, client_text, shake_hands};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{interval, sleep};

use super::heard::Heard;
use super::inbox::{Due, Inbox};

/// What one read may bring; one buffer for each thread of clients.
const READ_BYTES: usize = 256 * 1024;
/// Before a client that was turned away tries again.
const BACKOFF: Duration = Duration::from_millis(50);
const TRICKLES_PER_SECOND: u32 = 4;
/// Bytes that the kernel takes for a client that is far, and in one segment to it.
const FAR_BUFFER: u32 = 16 * 1024;
const FAR_SEGMENT: u32 = 1_400;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// How clients listen, until they are told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Read,
    /// Connected, and never reading.
    Stop,
    /// So many bytes a second.
    Trickle(usize),
    /// Not connected.
    Away,
}

/// What is at the other end.
#[derive(Debug, Clone)]
pub enum Way {
    /// A node, where this token opens an inbox with this selection of its root field.
    Node { token: String, selection: String },
    /// Frames without any handshake but a first one, which says that the client is in.
    Bare,
}

pub struct Client {
    pub address: SocketAddr,
    pub way: Way,
    /// Connected as over a long way, where the kernel holds little for a client that does not read;
    /// within one machine it would hold megabytes.
    pub far: bool,
    pub heard: Arc<Heard>,
    /// How many may come at once.
    pub gate: Arc<Semaphore>,
    pub inbox: Inbox,
}

impl Client {
    /// Listens until it is dropped.
    pub async fn attend(mut self, mut mode: watch::Receiver<Mode>) -> Result<()> {
        loop {
            mode.wait_for(|mode| *mode != Mode::Away).await?;
            let ended = self.visit(&mut mode).await;
            match (ended, &self.way) {
                _ if *mode.borrow() == Mode::Away => {
                    self.heard.departed();
                    continue;
                }
                (Ok(code), Way::Node { .. }) => self.heard.closed(code),
                (Err(_), Way::Node { .. }) => self.heard.closed(0),
                (ended, Way::Bare) => bail!("a bare connection has ended: {ended:?}"),
            }
            sleep(BACKOFF).await;
        }
    }

    /// One connection, to its end; gives the code that it was closed with, or 0.
    async fn visit(&mut self, mode: &mut watch::Receiver<Mode>) -> Result<u16> {
        let place = self.gate.clone().acquire_owned().await?;
        let mut frames = Frames::default();
        let mut stream = self.connect().await?;
        match self.way.clone() {
            Way::Bare => self.read_until(&mut stream, &mut frames, |due| due.acknowledged).await?,
            Way::Node { token, selection } => {
                shake_hands(&mut stream, self.address).await?;
                let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });
                stream.write_all(&client_text(&init.to_string())).await?;
                self.read_until(&mut stream, &mut frames, |due| due.acknowledged).await?;
                stream.write_all(&client_text(&self.subscribe(&selection))).await?;
                self.read_until(&mut stream, &mut frames, |due| due.drained).await?;
            }
        }
        self.arrive();
        drop(place);
        loop {
            let now = *mode.borrow_and_update();
            let mut changed = pin!(mode.changed());
            match now {
                Mode::Away => return Ok(0),
                Mode::Stop => changed.await?,
                Mode::Trickle(bytes) => tokio::select! {
                    changed = changed => changed?,
                    code = self.trickle(&mut stream, &mut frames, bytes) => return code,
                },
                Mode::Read => loop {
                    let due = tokio::select! {
                        biased;
                        due = read(&mut stream, &mut frames, &mut self.inbox) => due?,
                        changed = &mut changed => break changed?,
                    };
                    self.heard.take_in(&mut self.inbox.batch);
                    if let Some(code) = self.answer(due, &mut stream).await? {
                        return Ok(code);
                    }
                },
            }
        }
    }

    async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if self.far {
            socket.set_recv_buffer_size(FAR_BUFFER)?;
            SockRef::from(&socket).set_tcp_mss(FAR_SEGMENT)?;
        }
        // The kernel chooses the port as it connects. To bind one before, it would look through all that
        // earlier connections have left waiting.
        let stream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn subscribe(&self, selection: &str) -> String {
        let query = format!("subscription($after: String) {{ inbox(after: $after) {selection} }}");
        let payload = json!({ "query": query, "variables": { "after": self.inbox.cursor } });
        json!({ "type": "subscribe", "id": "inbox", "payload": payload }).to_string()
    }

    fn arrive(&mut self) {
        self.inbox.batch.arrivals += 1;
        self.heard.take_in(&mut self.inbox.batch);
    }

    async fn read_until(
        &mut self,
        stream: &mut TcpStream,
        frames: &mut Frames,
        holds: impl Fn(&Due) -> bool,
    ) -> Result<()> {
        loop {
            let due = read(stream, frames, &mut self.inbox).await?;
            let is_there = holds(&due);
            if let Some(code) = self.answer(due, stream).await? {
                bail!("closed with {code}");
            }
            if is_there {
                return Ok(());
            }
        }
    }

    /// Does what a read has left to do; gives the code of a close.
    async fn answer(&self, due: Due, stream: &mut TcpStream) -> Result<Option<u16>> {
        for pong in due.pongs {
            stream.write_all(&pong).await?;
        }
        Ok(due.closed)
    }

    /// Reads so many bytes a second, to the end of the connection.
    async fn trickle(&mut self, stream: &mut TcpStream, frames: &mut Frames, bytes: usize) -> Result<u16> {
        let mut ticks = interval(Duration::from_secs(1) / TRICKLES_PER_SECOND);
        let mut sip = vec![0; bytes.div_ceil(TRICKLES_PER_SECOND as usize)];
        loop {
            ticks.tick().await;
            let count = stream.read(&mut sip).await?;
            let mut due = Due::default();
            ensure!(count > 0, "ended");
            frames.cut(&sip[..count], |frame| self.inbox.take_in(&frame, &mut due))?;
            self.heard.take_in(&mut self.inbox.batch);
            if let Some(code) = self.answer(due, stream).await? {
                return Ok(code);
            }
        }
    }
}

/// Reads once into the thread's buffer. Nothing is lost if it is dropped while it waits.
async fn read(stream: &mut TcpStream, frames: &mut Frames, inbox: &mut Inbox) -> Result<Due> {
    std::future::poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer))?;
            let mut due = Due::default();
            if buffer.filled().is_empty() {
                due.closed = Some(0);
            }
            let cut = frames.cut(buffer.filled(), |frame| inbox.take_in(&frame, &mut due));
            Poll::Ready(cut.map(|()| due).context("a read"))
        })
    })
    .await
}
