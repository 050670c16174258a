//! What goes out on one socket: written at once where the kernel takes it, else kept until it does.
//!
//! Invariants: frames go out whole and in order; what is kept is bounded by those who write, who ask
//! first whether there is room; nothing is kept while the client reads.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::frames;
use crate::metrics;
use crate::protocol::CloseCode;

/// Bytes that may wait before more is asked for.
const ROOM: usize = 64 * 1024;
/// How long the kernel may take nothing before the client counts as gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What every write looks at comes first.
#[repr(C)]
pub struct Outbox {
    pub stream: TcpStream,
    state: RefCell<State>,
    /// Told when there is room again, or never will be.
    room: Notify,
    /// Told when something begins to wait, or the socket is to end.
    attention: Rc<Notify>,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Of what waits, the rest of a frame that is sent in part.
    begun: usize,
    /// Since when the kernel has taken nothing.
    stalled_since: Option<Instant>,
    is_closed: bool,
}

/// The socket has ended, or is about to.
#[derive(Debug, thiserror::Error)]
#[error("socket closed")]
pub struct Closed;

impl Outbox {
    pub fn new(stream: TcpStream, attention: Rc<Notify>) -> Self {
        Self { stream, state: RefCell::default(), room: Notify::new(), attention }
    }

    /// Whether something may be written now.
    pub fn has_room(&self) -> bool {
        let state = self.state.borrow();
        !state.is_closed && state.waiting.len() < ROOM
    }

    /// Waits until something may be written.
    pub async fn room(&self) -> Result<(), Closed> {
        loop {
            let told = self.room.notified();
            if self.state.borrow().is_closed {
                return Err(Closed);
            }
            if self.has_room() {
                return Ok(());
            }
            told.await;
        }
    }

    /// Sends whole frames; what the kernel does not take waits.
    pub fn write(&self, frames: &[u8]) {
        let state = &mut *self.state.borrow_mut();
        if state.is_closed || frames.is_empty() {
            return;
        }
        let mut sent = 0;
        if state.waiting.is_empty() {
            metrics::wrote();
            match self.send(frames) {
                Ok(bytes) if bytes == frames.len() => return,
                Ok(bytes) => sent = bytes,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Whoever reads from it finds out, and ends the socket.
                Err(_) => return self.shut(state),
            }
            state.begun = frames::rest_of_frame(frames, sent);
            state.stalled_since = Some(Instant::now());
            self.attention.notify_one();
        }
        metrics::QUEUED_BYTES.add((frames.len() - sent) as i64);
        state.waiting.extend_from_slice(&frames[sent..]);
    }

    /// Asks the kernel itself, which most often takes everything; the runtime learns of it if not.
    fn send(&self, frames: &[u8]) -> io::Result<usize> {
        match rustix::net::send(&self.stream, frames, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
            Ok(sent) => Ok(sent),
            Err(Errno::AGAIN) => self.stream.try_write(frames),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether something waits to be sent.
    pub fn is_waiting(&self) -> bool {
        !self.state.borrow().waiting.is_empty()
    }

    /// Sends what waits, as far as the kernel takes it; says whether there is room that was not.
    pub fn flush(&self) -> bool {
        let state = &mut *self.state.borrow_mut();
        if state.waiting.is_empty() {
            return false;
        }
        metrics::wrote();
        match self.stream.try_write(&state.waiting) {
            Ok(sent) => {
                if sent >= state.begun {
                    let whole = &state.waiting[state.begun..];
                    state.begun = frames::rest_of_frame(whole, sent - state.begun);
                } else {
                    state.begun -= sent;
                }
                let had_room = state.waiting.len() < ROOM;
                state.forget(sent);
                state.stalled_since = (!state.waiting.is_empty()).then(Instant::now);
                let has_room = state.waiting.len() < ROOM;
                if has_room {
                    self.room.notify_waiters();
                }
                has_room && !had_room
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => false,
            Err(_) => {
                self.shut(state);
                false
            }
        }
    }

    /// Whether the client has read nothing for too long.
    pub fn is_stalled(&self, now: Instant) -> bool {
        let since = self.state.borrow().stalled_since;
        since.is_some_and(|since| now.duration_since(since) > WRITE_WITHIN)
    }

    /// Nothing more is taken from anybody: what waits goes, but for the rest of a frame that has begun
    /// and the frame that says why.
    pub fn close(&self, code: CloseCode) {
        let state = &mut *self.state.borrow_mut();
        let keep = state.begun;
        metrics::QUEUED_BYTES.sub((state.waiting.len() - keep) as i64);
        state.waiting.truncate(keep);
        let frame = frames::close(code);
        metrics::QUEUED_BYTES.add(frame.len() as i64);
        state.waiting.extend_from_slice(&frame);
        state.is_closed = true;
        self.room.notify_waiters();
    }

    /// Sends what waits, in time.
    pub async fn drained(&self) -> io::Result<()> {
        let drained = async {
            while self.is_waiting() {
                self.stream.writable().await?;
                self.flush();
            }
            Ok(())
        };
        tokio::time::timeout(WRITE_WITHIN, drained).await?
    }

    fn shut(&self, state: &mut State) {
        state.forget(state.waiting.len());
        state.is_closed = true;
        self.room.notify_waiters();
        self.attention.notify_one();
    }
}

impl State {
    fn forget(&mut self, bytes: usize) {
        metrics::QUEUED_BYTES.sub(bytes as i64);
        if bytes == self.waiting.len() {
            self.waiting = Vec::new();
            self.stalled_since = None;
            self.begun = 0;
        } else {
            self.waiting.drain(..bytes);
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        state.forget(state.waiting.len());
    }
}
