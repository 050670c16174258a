//! The connection of one client, as a stream of bytes that fails when the client does not read.
//!
//! Invariant: it holds its place until it is dropped or taken apart; what stands in for it holds the same place.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{Backlog, Place, Reading, Stream, UNREAD};

/// A connection that has a place.
pub struct Connection {
    stream: Stream,
    address: IpAddr,
    place: Place,
    port: &'static str,
    reading: Reading,
    /// There while something waits to be written.
    waiting: Option<Waiting>,
}

struct Waiting {
    backlog: Backlog,
    late: Pin<Box<Sleep>>,
}

impl Connection {
    pub(super) fn new(
        (stream, address): (Stream, IpAddr),
        place: Place,
        port: &'static str,
        reading: Reading,
    ) -> Self {
        Self { stream, address, place, port, reading, waiting: None }
    }

    /// Of its client.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// What is written leaves at once.
    pub fn send_at_once(&self) -> io::Result<()> {
        self.stream.send_at_once()
    }

    /// The same client through something between, which serves the other end of `stream` and this connection.
    pub fn behind(&self, stream: UnixStream) -> Self {
        let place = self.place.clone();
        Self::new((Stream::Local(stream), self.address), place, self.port, self.reading)
    }

    /// The stream, what it holds, and how fast its client has to read, for whoever looks after that itself.
    pub fn into_parts(self) -> (Stream, Place, Reading) {
        (self.stream, self.place, self.reading)
    }

    /// Passes on what came of a write, unless the client is late.
    fn written(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (&written, &mut self.waiting) {
            (Poll::Ready(Ok(bytes)), Some(waiting)) => waiting.backlog.took(*bytes, Instant::now()),
            (Poll::Ready(_), _) => {}
            (Poll::Pending, waiting) => {
                let waiting = waiting.get_or_insert_with(|| {
                    let backlog = Backlog::new(Instant::now());
                    Waiting { backlog, late: Box::pin(sleep_until(backlog.due(&self.reading))) }
                });
                let due = waiting.backlog.due(&self.reading);
                if waiting.late.deadline() != due {
                    waiting.late.as_mut().reset(due);
                }
                ready!(waiting.late.as_mut().poll(cx));
                UNREAD.with_label_values(&[self.port]).inc();
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        written
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Flushed when nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
