//! HTTP/1.1 on the connections of clients, over TLS where the port has it, and what it is upgraded to.
//!
//! Invariants: a client that is slow with a head is cut off, and so is one that asks nothing more or does not
//! read; a connection without a place is told so and closed; no connection outlives [`serve`], which ends in
//! time whatever clients do.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Request, StatusCode, header};
use graphql::TrustedProxies;
use graphql::limits::Peer;
use graphql::problem::Problem;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use platform::connections::{Arrival, Connection, Full, Listener, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::tls::Tls;

/// How long a client may take for the head of a request, and then for its body.
pub const READ_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a head, and of what waits on a connection beside one answer.
const BUFFER_BYTES: usize = 64 * 1024;

/// How long a client that is refused has to read why.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);
/// Clients that are told why at the same time; more are closed at once. They have descriptors of the reserve.
const REFUSALS: usize = 64;
/// Bytes of a refused request that are read, so that its client is not reset before it has read why.
const REFUSED_BYTES: u64 = 64 * 1024;
/// When a client that is refused should come back, in seconds.
const RETRY_AFTER: u32 = 5;

/// How the clients of a port are served.
#[derive(Clone, Default)]
pub struct Serving {
    /// Bounds of the port.
    pub connections: Options,
    /// Proxies that name clients.
    pub proxies: TrustedProxies,
    /// Without it connections are plain.
    pub tls: Option<Arc<Tls>>,
}

/// The other end of the connection that a request came on, which may be a proxy: an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connected(pub IpAddr);

/// Serves until `stop`; what is being asked then is answered, and who asks nothing is disconnected. Who does
/// not read is disconnected once the time for that is over.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    serving: Serving,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    serve_within(READ_WITHIN, listener, router, serving, stop).await;
    Ok(())
}

async fn serve_within(
    head: Duration,
    listener: TcpListener,
    router: Router,
    Serving { mut connections, proxies, tls }: Serving,
    stop: CancellationToken,
) {
    if tls.is_some() {
        connections.descriptors_each = Tls::DESCRIPTORS;
    }
    let mut listener = Listener::new(listener, &connections);
    let (most, drain_within) = (connections.requests_per_connection, connections.drain_within);
    let attendant = Arc::new(Attendant { head, most, router, proxies, tls, stop });
    let (mut connections, mut refusals) = (JoinSet::new(), JoinSet::new());
    loop {
        tokio::select! {
            () = attendant.stop.cancelled() => break,
            arrival = listener.accept() => match arrival {
                Arrival::Accepted(connection) => {
                    let attendant = attendant.clone();
                    connections.spawn(async move { attendant.attend(connection).await });
                }
                // To tell a client of TLS would cost a handshake: it is closed.
                Arrival::Refused(stream, full) => if attendant.tls.is_none() && refusals.len() < REFUSALS {
                    refusals.spawn(timeout(REFUSED_WITHIN, refuse(stream, full)));
                }
            },
            Some(_) = connections.join_next() => {}
            Some(_) = refusals.join_next() => {}
        }
    }
    drop(listener);
    let deadline = Instant::now() + drain_within;
    while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
    connections.shutdown().await;
}

/// What each connection is served by.
struct Attendant {
    head: Duration,
    /// Requests of one connection.
    most: u32,
    router: Router,
    proxies: TrustedProxies,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
}

impl Attendant {
    /// Serves one connection. How it ends concerns its client alone.
    async fn attend(self: Arc<Self>, connection: Connection) {
        let Some(tls) = &self.tls else { return self.converse(connection).await };
        let opened = tokio::select! {
            opened = tls.open(connection, self.head) => opened,
            () = self.stop.cancelled() => return,
        };
        if let Some((carrying, plain)) = opened {
            tokio::join!(carrying, self.converse(plain));
        }
    }

    async fn converse(self: &Arc<Self>, connection: Connection) {
        let (attendant, address) = (self.clone(), connection.address());
        let service = self.router.clone().map_request(move |mut request: Request<Incoming>| {
            let client = attendant.proxies.client(address, request.headers());
            request.extensions_mut().insert(Peer(client));
            request.extensions_mut().insert(Connected(address));
            request
        });
        let (router, asked, most) = (TowerToHyperService::new(service), AtomicU32::new(0), self.most);
        let counted = service_fn(move |request| {
            let is_last = asked.fetch_add(1, Ordering::Relaxed) + 1 >= most;
            let answer = router.call(request);
            async move {
                let mut answer = answer.await?;
                if is_last && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(answer)
            }
        });
        let mut http = Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.head).max_buf_size(BUFFER_BYTES);
        let connection = http.serve_connection(TokioIo::new(connection), counted);
        let mut connection = std::pin::pin!(connection.with_upgrades());
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

/// Says why there is no place, before anything is read. How that ends concerns the client alone.
async fn refuse(mut stream: TcpStream, full: Full) {
    let _ = stream.write_all(refusal(full).as_bytes()).await;
    let _ = stream.shutdown().await;
    let _ = tokio::io::copy(&mut stream.take(REFUSED_BYTES), &mut tokio::io::sink()).await;
}

fn refusal(full: Full) -> String {
    let (status, detail) = match full {
        Full::Total | Full::Descriptors => {
            (StatusCode::SERVICE_UNAVAILABLE, "no room for another connection just now")
        }
        Full::Address => (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address"),
    };
    let body = Problem::new(status, detail).to_json();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\nretry-after: {RETRY_AFTER}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests;
