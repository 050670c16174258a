//! What goes out on one socket: written at once where the kernel takes it, else kept until it does.
//!
//! Invariants: frames go out whole and in order; what is kept is bounded by those who write, who ask
//! first whether there is room; nothing is kept while the client reads.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use platform::connections::{Backlog, Reading, Stream};
use rustix::io::Errno;
use rustix::net::{SendFlags, Shutdown};
use tokio::io::Interest;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::frames;
use crate::metrics;
use crate::protocol::CloseCode;

/// Bytes that may wait before more is asked for.
const ROOM: usize = 64 * 1024;

/// What every write looks at comes first.
#[repr(C)]
pub struct Outbox {
    pub stream: Stream,
    state: RefCell<State>,
    /// Told when there is room again, or never will be.
    room: Notify,
    /// Told when something begins to wait, or the socket is to end.
    attention: Rc<Notify>,
    /// How fast the client has to read.
    reading: Reading,
}

#[derive(Default)]
struct State {
    /// What the kernel has not taken, if there is anything; most often there is not.
    rest: Option<Box<Rest>>,
    is_closed: bool,
}

struct Rest {
    bytes: Vec<u8>,
    /// How many of them are the rest of a frame that is sent in part.
    begun: usize,
    /// How fast the kernel takes them.
    backlog: Backlog,
}

/// The socket has ended, or is about to.
#[derive(Debug, thiserror::Error)]
#[error("socket closed")]
pub struct Closed;

impl Outbox {
    pub fn new(stream: Stream, attention: Rc<Notify>, reading: Reading) -> Self {
        Self { stream, state: RefCell::default(), room: Notify::new(), attention, reading }
    }

    /// Whether something may be written now.
    pub fn has_room(&self) -> bool {
        let state = self.state.borrow();
        !state.is_closed && state.rest.as_ref().is_none_or(|rest| rest.has_room())
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
        if let Some(rest) = &mut state.rest {
            return rest.append(frames);
        }
        metrics::wrote();
        let sent = match self.send(frames) {
            Ok(sent) if sent == frames.len() => return,
            Ok(sent) => sent,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            // Whoever reads from it finds out, and ends the socket.
            Err(_) => return self.shut(state),
        };
        let rest = state.rest.insert(Rest::new(frames::rest_of_frame(frames, sent)));
        rest.append(&frames[sent..]);
        self.attention.notify_one();
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
        self.state.borrow().rest.is_some()
    }

    /// Bytes that wait to be sent.
    #[cfg(test)]
    pub fn waiting(&self) -> usize {
        self.state.borrow().rest.as_ref().map_or(0, |rest| rest.bytes.len())
    }

    /// Sends what waits, as far as the kernel takes it; says whether there is room that was not.
    pub fn flush(&self) -> bool {
        let state = &mut *self.state.borrow_mut();
        let Some(rest) = &mut state.rest else { return false };
        metrics::wrote();
        match self.stream.try_write(&rest.bytes) {
            Ok(sent) => {
                let had_room = rest.has_room();
                rest.sent(sent);
                let has_room = rest.has_room();
                if rest.bytes.is_empty() {
                    state.rest = None;
                }
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

    /// Whether the client reads nothing, or too slowly.
    pub fn is_late(&self, now: Instant) -> bool {
        let state = self.state.borrow();
        state.rest.as_ref().is_some_and(|rest| now > rest.backlog.due(&self.reading))
    }

    /// Nothing more is taken from anybody: what waits goes, but for the rest of a frame that has begun
    /// and the frame that says why.
    pub fn close(&self, code: CloseCode) {
        let state = &mut *self.state.borrow_mut();
        let rest = state.rest.get_or_insert_with(|| Rest::new(0));
        metrics::QUEUED_BYTES.sub((rest.bytes.len() - rest.begun) as i64);
        rest.bytes.truncate(rest.begun);
        rest.append(&frames::close(code));
        state.is_closed = true;
        self.room.notify_waiters();
    }

    /// Nothing more is taken from anybody: what waits goes, and then this frame.
    pub fn finish(&self, frame: &[u8]) {
        let state = &mut *self.state.borrow_mut();
        if !state.is_closed {
            state.rest.get_or_insert_with(|| Rest::new(0)).append(frame);
            state.is_closed = true;
        }
        self.room.notify_waiters();
    }

    /// Sends what waits, in time.
    pub async fn drained(&self) -> io::Result<()> {
        let drained = async {
            while self.is_waiting() {
                self.stream.ready(Interest::WRITABLE).await?;
                self.flush();
            }
            Ok(())
        };
        tokio::time::timeout(self.reading.within, drained).await?
    }

    /// Ends the connection, in one direction or in both, though others may still hold the socket.
    pub fn shut_down(&self, how: Shutdown) {
        // A connection that is gone already needs no end.
        let _ = rustix::net::shutdown(&self.stream, how);
    }

    fn shut(&self, state: &mut State) {
        state.rest = None;
        state.is_closed = true;
        self.room.notify_waiters();
        self.attention.notify_one();
    }
}

impl Rest {
    fn new(begun: usize) -> Box<Self> {
        Box::new(Self { bytes: vec![], begun, backlog: Backlog::new(Instant::now()) })
    }

    fn has_room(&self) -> bool {
        self.bytes.len() < ROOM
    }

    fn append(&mut self, bytes: &[u8]) {
        metrics::QUEUED_BYTES.add(bytes.len() as i64);
        self.bytes.extend_from_slice(bytes);
    }

    /// The kernel has taken so many bytes.
    fn sent(&mut self, bytes: usize) {
        self.begun = match bytes.checked_sub(self.begun) {
            Some(beyond) => frames::rest_of_frame(&self.bytes[self.begun..], beyond),
            None => self.begun - bytes,
        };
        metrics::QUEUED_BYTES.sub(bytes as i64);
        self.bytes.drain(..bytes);
        self.backlog.took(bytes, Instant::now());
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        metrics::QUEUED_BYTES.sub(self.bytes.len() as i64);
    }
}
