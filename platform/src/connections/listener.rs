//! Accepts connections: each at its pace and with a place, or refused.
//!
//! Invariants: the rate of accepted connections is bounded, so that a rush of new clients does not starve those
//! that are connected; a refused one does not count towards it; a process without descriptors refuses, and goes on.

use std::io;
use std::time::Duration;

use futures::FutureExt;
use rustix::io::Errno;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, sleep_until};

use super::descriptors::Spare;
use super::places::Places;
use super::{Connection, Full, Options, Reading, Stream, export};

/// How many are accepted together, which costs less than one by one.
const TOGETHER: u32 = 10;
/// How long an error of the listener is waited out.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// A port on which clients connect.
pub struct Listener {
    listener: TcpListener,
    port: &'static str,
    places: Places,
    pace: Pace,
    reading: Reading,
    spare: Spare,
}

/// What has come.
pub enum Arrival {
    Accepted(Connection),
    /// It is to be told why.
    Refused(TcpStream, Full),
}

impl Listener {
    pub fn new(listener: TcpListener, options: &Options) -> Self {
        export(options.port);
        Self {
            listener,
            port: options.port,
            places: Places::new(options),
            pace: Pace::new(options.per_second.get()),
            reading: options.reading,
            spare: Spare::new(),
        }
    }

    /// The next connection, in its turn. May be given up at any time.
    pub async fn accept(&mut self) -> Arrival {
        loop {
            self.pace.turn().await;
            let (stream, address) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.failed(&error).await;
                    continue;
                }
            };
            return match self.places.take(address.ip()) {
                Ok(place) => {
                    self.pace.passed();
                    let stream = (Stream::Tcp(stream), address.ip());
                    Arrival::Accepted(Connection::new(stream, place, self.port, self.reading))
                }
                Err(full) => {
                    self.places.refused(full);
                    Arrival::Refused(stream, full)
                }
            };
        }
    }

    /// Without a descriptor for a connection, closes one that waits, which would wait for ever otherwise.
    async fn failed(&mut self, error: &io::Error) {
        let is_of = |errno: Errno| error.raw_os_error() == Some(errno.raw_os_error());
        if is_of(Errno::CONNABORTED) || is_of(Errno::CONNRESET) {
            return;
        }
        if is_of(Errno::MFILE) || is_of(Errno::NFILE) {
            let closed = self.spare.give_up().then(|| self.listener.accept().now_or_never()).flatten();
            let is_closed = matches!(closed, Some(Ok(_)));
            drop(closed);
            self.spare.take_again();
            if is_closed {
                return self.places.refused(Full::Descriptors);
            }
        }
        tracing::warn!(%error, "no connection accepted");
        sleep(AFTER_ERROR).await;
    }
}

/// When the next connection is due.
struct Pace {
    /// Between two, on average.
    between: Duration,
    next: Instant,
}

impl Pace {
    fn new(per_second: u32) -> Self {
        Self { between: Duration::from_secs(1) / per_second, next: Instant::now() }
    }

    async fn turn(&self) {
        if self.next >= Instant::now() + self.between * TOGETHER {
            sleep_until(self.next).await;
        }
    }

    fn passed(&mut self) {
        self.next = self.next.max(Instant::now()) + self.between;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn those_who_come_at_once_are_let_in_by_turns() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = port.local_addr().unwrap();
        let mut listener = Listener::new(port, &Options { port: "test", ..Options::default() });
        let (between, begun) = (listener.pace.between, Instant::now());
        let (mut clients, mut accepted) = (vec![], vec![]);
        for number in 1..=5 * TOGETHER {
            clients.push(TcpStream::connect(address).await.unwrap());
            accepted.push(listener.accept().await);
            let turns_before = number.saturating_sub(TOGETHER + 1);
            assert!(begun.elapsed() >= between * turns_before, "{number} after {:?}", begun.elapsed());
        }
        clients.push(TcpStream::connect(address).await.unwrap());
        assert!(timeout(Duration::from_secs(5), listener.accept()).await.is_ok());
    }
}
