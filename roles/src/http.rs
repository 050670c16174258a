//! Ports that clients and operators connect to.

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use ingest::http::connections;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// One router for sockets and requests: a WebSocket handshake goes to `sockets`.
pub fn split(sockets: Router, requests: Router) -> Router {
    let choose = move |request: Request| {
        let is_handshake = request
            .headers()
            .get(header::UPGRADE)
            .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"));
        let chosen = if is_handshake { sockets.clone() } else { requests.clone() };
        async move {
            let response: Response = match chosen.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            response
        }
    };
    Router::new().fallback(choose)
}

/// Serves until `stop`; what is being asked then is answered, and who asks nothing is disconnected.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> Result<()> {
    connections::serve(listener, router, stop).await;
    Ok(())
}

/// Opens a port.
pub async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
