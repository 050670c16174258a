//! HTTP/1.1 on the connections of clients, and what it is upgraded to.
//!
//! Invariants: a client that is slow with a head is cut off, and so is one that asks nothing more or does not
//! read; a connection without a place is told so and closed; no connection outlives [`serve`], which ends in
//! time whatever clients do.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderValue, Request, StatusCode, header};
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

/// Serves until `stop`; what is being asked then is answered, and who asks nothing is disconnected. Who does
/// not read is disconnected once the time for that is over.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: Options,
    stop: CancellationToken,
) -> Result<(), Infallible> {
    serve_within(READ_WITHIN, listener, router, options, stop).await;
    Ok(())
}

async fn serve_within(
    head: Duration,
    listener: TcpListener,
    router: Router,
    options: Options,
    stop: CancellationToken,
) {
    let mut listener = Listener::new(listener, &options);
    let (mut connections, mut refusals) = (JoinSet::new(), JoinSet::new());
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            arrival = listener.accept() => match arrival {
                Arrival::Accepted(connection) => {
                    let most = options.requests_per_connection;
                    connections.spawn(attend((head, most), connection, router.clone(), stop.clone()));
                }
                Arrival::Refused(stream, full) => if refusals.len() < REFUSALS {
                    refusals.spawn(timeout(REFUSED_WITHIN, refuse(stream, full)));
                }
            },
            Some(_) = connections.join_next() => {}
            Some(_) = refusals.join_next() => {}
        }
    }
    drop(listener);
    let deadline = Instant::now() + options.drain_within;
    while let Ok(Some(_)) = timeout_at(deadline, connections.join_next()).await {}
    connections.shutdown().await;
}

/// Serves one connection, of so many requests. How it ends concerns its client alone.
async fn attend(
    (head, most): (Duration, u32),
    connection: Connection,
    router: Router,
    stop: CancellationToken,
) {
    let peer = Peer(connection.address());
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    });
    let (router, asked) = (TowerToHyperService::new(service), AtomicU32::new(0));
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
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(BUFFER_BYTES);
    let connection = http.serve_connection(TokioIo::new(connection), counted);
    let mut connection = std::pin::pin!(connection.with_upgrades());
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
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
