//! A WebSocket handshake over HTTP, and the bare connection behind it.
//!
//! Invariant: what the client has sent behind its handshake is not lost.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::protocol::PROTOCOL;

/// The answer to a handshake, and what its connection becomes once that is sent.
pub struct Accepted {
    pub response: Response<Body>,
    pub upgrade: OnUpgrade,
    /// Whether the client speaks our protocol.
    pub speaks: bool,
}

/// Accepts a handshake, or says what it lacks.
pub fn accept(mut request: Request<Body>) -> Result<Accepted, (StatusCode, String)> {
    let response = tungstenite::handshake::server::create_response_with_body(&request, Body::empty);
    let mut response = response.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let mut offered = offered.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let speaks = offered.any(|offer| offer.trim() == PROTOCOL);
    if speaks {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    Ok(Accepted { response, upgrade: hyper::upgrade::on(&mut request), speaks })
}

/// The connection, and what its client has sent already.
pub fn connection(upgraded: Upgraded) -> Option<(std::net::TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().ok()?;
    let stream = parts.io.into_inner();
    // A frame is to leave at once.
    stream.set_nodelay(true).ok()?;
    Some((stream.into_std().ok()?, parts.read_buf.to_vec()))
}
