//! Connections of clients: HTTP/1.1 on each, over TLS where the port has it, and what it is upgraded to.
//!
//! Invariants: a client that is slow with a head is cut off, and so is one that asks nothing more; those
//! who come at once are let in at a pace that leaves the process to those who are there; no connection
//! outlives [`serve`], which ends when the last of them has.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use graphql::{ClientAddress, Peer, TrustedProxies};
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::tls::Tls;

/// How long a client may take for the head of a request, and then for its body.
pub const READ_WITHIN: Duration = Duration::from_secs(10);

/// How many are let in a second, where nothing else is said.
pub const PER_SECOND: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// How many of these are let in together, which costs less than one by one.
const TOGETHER: u32 = 10;

/// How the clients of a port are served.
#[derive(Clone)]
pub struct Serving {
    /// Connections that are accepted in a second; more wait in the kernel.
    pub per_second: NonZeroU32,
    /// Proxies that name clients.
    pub proxies: TrustedProxies,
    /// Without it connections are plain.
    pub tls: Option<Arc<Tls>>,
}

impl Default for Serving {
    fn default() -> Self {
        Self { per_second: PER_SECOND, proxies: TrustedProxies::default(), tls: None }
    }
}

/// Serves until `stop`; what is being asked then is answered, and who asks nothing is disconnected.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    let pace = Pace::new(serving.per_second);
    let attendant = Attendant { head: READ_WITHIN, router, serving, stop };
    serve_at(pace, listener, Arc::new(attendant)).await;
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

async fn serve_at(mut pace: Pace, mut listener: TcpListener, attendant: Arc<Attendant>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = attendant.stop.cancelled() => break,
            (stream, peer) = accept(&mut listener, &mut pace) => {
                let attendant = attendant.clone();
                connections.spawn(async move { attendant.attend(stream, peer.ip()).await });
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

/// What each connection is served by.
struct Attendant {
    head: Duration,
    router: Router,
    serving: Serving,
    stop: CancellationToken,
}

impl Attendant {
    /// Serves one connection. How it ends concerns its client alone.
    async fn attend(&self, stream: TcpStream, peer: IpAddr) {
        let Some(tls) = &self.serving.tls else { return self.converse(stream, peer).await };
        let opened = tokio::select! {
            opened = tls.open(stream, self.head) => opened,
            () = self.stop.cancelled() => return,
        };
        if let Some((carrying, plain)) = opened {
            tokio::join!(carrying, self.converse(plain, peer));
        }
    }

    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr) {
        let mut http = Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.head);
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn(|mut request: Request<Incoming>| {
            let client = self.serving.proxies.client(peer, request.headers());
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(ClientAddress(client));
            routes.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection.with_upgrades());
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

#[cfg(test)]
mod tests {
    use axum::Extension;
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
        let attendant = Attendant { head, router, serving: Serving::default(), stop: stop.clone() };
        server.spawn(serve_at(pace, listener, Arc::new(attendant)));
        let ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
        for (said, answered) in [(&b""[..], false), (&ask[..7], false), (&ask[..25], false), (ask, true)] {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(said).await.unwrap();
            assert_eq!(heard(&mut client).await.ends_with("hello"), answered, "{said:?}");
        }
        stop.cancel();
        server.join_all().await;
    }

    #[tokio::test]
    async fn a_request_has_the_address_of_its_client() {
        let show = |Extension(Peer(peer)): Extension<Peer>,
                    Extension(ClientAddress(client)): Extension<ClientAddress>| async move {
            format!("{peer} {client}")
        };
        for (trusted, told) in [("", "127.0.0.1 127.0.0.1"), ("127.0.0.0/8", "127.0.0.1 198.51.100.9")] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let proxies = TrustedProxies::parse(trusted).unwrap();
            let serving = Serving { proxies, ..Serving::default() };
            let (router, stop) = (Router::new().route("/", get(show)), CancellationToken::new());
            let mut server = JoinSet::new();
            server.spawn(serve(listener, router, serving, stop.clone()));
            let head =
                "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: 198.51.100.9\r\n\r\n";
            client.write_all(head.as_bytes()).await.unwrap();
            let heard = heard(&mut client).await;
            assert!(heard.ends_with(&format!("\r\n{told}")), "{trusted}: {heard}");
            stop.cancel();
            server.join_all().await;
        }
    }
}
