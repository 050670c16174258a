//! The server's side of the closing handshake (RFC 6455, 7.1), from either end.
//!
//! Invariants: a Close frame is answered at once, behind what still waits to be sent. The server closes
//! the connection as soon as both sides have sent theirs, and no later than a deadline allows.

use std::io;
use std::time::Duration;

use rustix::net::Shutdown;
use tokio::io::Interest;
use tokio::task::yield_now;
use tokio::time::timeout;

use super::frames::{self, Incoming, Reading};
use super::outbox::Outbox;
use crate::metrics;
use crate::protocol::CloseCode;

/// How long a client has for its Close frame.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// Reads of what a client sends behind the server's Close frame, and then behind its own, which is ignored.
const MAX_READS: u32 = 256;
const MAX_IGNORED_READS: u32 = 64;

/// How a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The connection is gone.
    Gone,
    /// The client closes it, with a code or without.
    ByClient(Option<u16>),
    /// The server closes it.
    ByServer(CloseCode),
}

impl End {
    /// What its metric says of a client.
    pub const OF_CLIENTS: [&str; 2] = ["gone", "client"];

    /// The value of its label.
    fn reason(self) -> &'static str {
        let [gone, client] = Self::OF_CLIENTS;
        match self {
            Self::Gone => gone,
            Self::ByClient(_) => client,
            Self::ByServer(code) => code.name(),
        }
    }
}

impl From<CloseCode> for End {
    fn from(code: CloseCode) -> Self {
        Self::ByServer(code)
    }
}

/// Ends a socket, of which `incoming` is what was read.
pub async fn close(outbox: &Outbox, incoming: Incoming, end: End) {
    metrics::socket_ends(end.reason()).inc();
    match end {
        End::Gone => return,
        End::ByClient(code) => outbox.finish(&frames::close_echo(code)),
        End::ByServer(code) => outbox.close(code),
    }
    // A client that is gone reads no frame and sends none.
    if outbox.drained().await.is_ok() {
        let _ = timeout(CLOSE_WITHIN, read_close(outbox, incoming)).await;
    }
    outbox.shut_down(Shutdown::Both);
}

/// Reads up to the client's Close frame; where frames cannot be read any more, to the connection's end.
///
/// A connection that is closed with something unread is reset, and the client might never see the code.
async fn read_close(outbox: &Outbox, mut incoming: Incoming) -> io::Result<()> {
    let mut buffer = [0; 1024];
    incoming.allow(None);
    for _ in 0..MAX_READS {
        match incoming.state() {
            Reading::Open => {}
            Reading::Closed => break,
            Reading::Failed => outbox.shut_down(Shutdown::Write),
        }
        outbox.stream.ready(Interest::READABLE).await?;
        match outbox.stream.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(bytes) => {
                // Data behind the server's Close frame is ignored; the state says the rest.
                let _ = incoming.read(&buffer[..bytes]);
                yield_now().await;
            }
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Err(_) => {}
        }
    }
    // What the client sent behind its Close frame, as far as it is here already.
    for _ in 0..MAX_IGNORED_READS {
        if !matches!(outbox.stream.try_read(&mut buffer), Ok(1..)) {
            break;
        }
    }
    Ok(())
}
