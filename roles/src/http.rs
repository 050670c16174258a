//! Ports that clients and operators connect to.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use tokio::net::{TcpListener, TcpSocket};
use tower::ServiceExt;

/// One router for sockets and requests: a WebSocket handshake goes to `sockets`.
pub fn split(sockets: Router, requests: Router) -> Router {
    let choose = move |request: Request| {
        let is_handshake = request
            .headers()
            .get_all(header::UPGRADE)
            .into_iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"));
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

/// Connections that may wait to be let in, as far as the kernel lets them.
const WAITING: u32 = 4_096;

/// Opens a port.
pub fn bind(address: SocketAddr) -> Result<TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A process that comes back has its port at once.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING)
    };
    open().with_context(|| format!("cannot listen on {address}"))
}
