//! Connections of clients: HTTP/1.1 on each, and what it is upgraded to.
//!
//! Invariants: a client that is slow with a head is cut off, and so is one that asks nothing more; those
//! who come at once are let in at a pace that leaves the process to those who are there; no connection
//! outlives [`serve`], which ends when the last of them has.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use graphql::limits::Peer;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How long a client may take for the head of a request, and then for its body.
pub const READ_WITHIN: Duration = Duration::from_secs(10);

/// How many are let in a second, where nothing else is said.
pub const PER_SECOND: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// How many of these are let in together, which costs less than one by one.
const TOGETHER: u32 = 10;

/// Serves until `stop`; what is being asked then is answered, and who asks nothing is disconnected. Of
/// those who come, so many are let in a second; more wait in the kernel.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    per_second: NonZeroU32,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    serve_within(READ_WITHIN, listener, router, Pace::new(per_second), stop).await;
    Ok(())
}

/// When the next connection is due.
struct Pace {
    /// Between two, on average.
    between: Duration,
    next: Instant,
}

impl Pace {
    fn new(per_second: NonZeroU32) -> Self {
        Self { between: Duration::from_secs(1) / per_second.get(), next: Instant::now() }
    }
}

async fn serve_within(
    head: Duration,
    mut listener: TcpListener,
    router: Router,
    mut pace: Pace,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            (stream, address) = accept(&mut listener, &mut pace) => {
                let peer = Peer(address.ip());
                connections.spawn(attend(head, (stream, peer), router.clone(), stop.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection, in its turn. May be given up at any time.
async fn accept(listener: &mut TcpListener, pace: &mut Pace) -> (TcpStream, SocketAddr) {
    if pace.next >= Instant::now() + pace.between * TOGETHER {
        sleep_until(pace.next).await;
    }
    let accepted = Listener::accept(listener).await;
    pace.next = pace.next.max(Instant::now()) + pace.between;
    accepted
}

/// Serves one connection. How it ends concerns its client alone.
async fn attend(head: Duration, (stream, peer): (TcpStream, Peer), router: Router, stop: CancellationToken) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    });
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    /// What a client hears until the server closes.
    async fn heard(client: &mut TcpStream) -> String {
        let mut heard = Vec::new();
        let read = client.read_to_end(&mut heard);
        timeout(Duration::from_secs(5), read).await.expect("the server closes").expect("it says goodbye");
        String::from_utf8(heard).unwrap()
    }

    #[tokio::test]
    async fn those_who_come_at_once_are_let_in_by_turns() {
        let mut listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mut pace, begun) = (Pace::new(PER_SECOND), Instant::now());
        let mut clients = vec![];
        for number in 1..=5 * TOGETHER {
            clients.push(TcpStream::connect(address).await.unwrap());
            accept(&mut listener, &mut pace).await;
            let turns_before = number.saturating_sub(TOGETHER + 1);
            assert!(begun.elapsed() >= pace.between * turns_before, "{number} after {:?}", begun.elapsed());
        }
        clients.push(TcpStream::connect(address).await.unwrap());
        let alone = accept(&mut listener, &mut pace);
        assert!(timeout(Duration::from_secs(5), alone).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_says_nothing_or_half_a_head_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = Router::new().route("/", get(|| async { "hello" }));
        let mut server = JoinSet::new();
        let (head, pace) = (Duration::from_millis(100), Pace::new(PER_SECOND));
        server.spawn(serve_within(head, listener, router, pace, stop.clone()));
        let ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for (said, answered) in [(&b""[..], false), (&ask[..7], false), (&ask[..25], false), (ask, true)] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said).await.unwrap();
            assert_eq!(heard(&mut client).await.ends_with("hello"), answered, "{said:?}");
        }
        stop.cancel();
        server.join_all().await;
    }
}
