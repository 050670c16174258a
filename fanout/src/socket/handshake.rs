//! A WebSocket handshake over HTTP (RFC 6455, 4.2), and the bare connection behind it.
//!
//! Invariant: what the client has sent behind its handshake is not lost.

use axum::body::Body;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use graphql::problem::Problem;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use platform::connections::{Connection, Detached, Place, Reading};
use tungstenite::handshake::derive_accept_key;

use crate::protocol::PROTOCOL;

/// The only version of the protocol.
const VERSION: &str = "13";
/// Bytes that a key stands for.
const KEY_BYTES: usize = 16;

/// The answer to a handshake, and what its connection becomes once that is sent.
pub struct Accepted {
    pub response: Response<Body>,
    pub upgrade: OnUpgrade,
    /// Whether the client speaks our protocol.
    pub speaks: bool,
}

/// Why a request is no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("only version 13 of WebSocket is supported")]
    Version,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response<Body> {
        match self {
            Self::Malformed(reason) => Problem::new(StatusCode::BAD_REQUEST, reason).into_response(),
            Self::Version => {
                let supported = [
                    (header::SEC_WEBSOCKET_VERSION, VERSION),
                    (header::UPGRADE, "websocket"),
                    (header::CONNECTION, "Upgrade"),
                ];
                (supported, Problem::new(StatusCode::UPGRADE_REQUIRED, self.to_string())).into_response()
            }
        }
    }
}

/// Accepts a handshake, or says what it lacks.
pub fn accept(mut request: Request<Body>) -> Result<Accepted, Refused> {
    let key = key(&request)?;
    let speaks = items(request.headers(), header::SEC_WEBSOCKET_PROTOCOL).any(|offer| offer == PROTOCOL);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    if speaks {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PROTOCOL));
    }
    Ok(Accepted { response, upgrade: hyper::upgrade::on(&mut request), speaks })
}

/// What the key of a valid handshake is answered with.
fn key(request: &Request<Body>) -> Result<HeaderValue, Refused> {
    let headers = request.headers();
    let has = |name, token: &str| items(headers, name).any(|item| item.eq_ignore_ascii_case(token));
    if request.method() != Method::GET || request.version() < Version::HTTP_11 {
        return Err(Refused::Malformed("a handshake is a GET of HTTP/1.1"));
    }
    if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
        return Err(Refused::Malformed("a handshake asks for an upgrade to websocket"));
    }
    match single(headers, header::SEC_WEBSOCKET_VERSION) {
        Some(VERSION) => {}
        None if !headers.contains_key(header::SEC_WEBSOCKET_VERSION) => {
            return Err(Refused::Malformed("a handshake has a Sec-WebSocket-Version"));
        }
        _ => return Err(Refused::Version),
    }
    let key = single(headers, header::SEC_WEBSOCKET_KEY)
        .filter(|key| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == KEY_BYTES))
        .ok_or(Refused::Malformed("a Sec-WebSocket-Key is 16 bytes in base64"))?;
    let accept = derive_accept_key(key.as_bytes());
    HeaderValue::try_from(accept).map_err(|_| Refused::Malformed("a Sec-WebSocket-Key is 16 bytes in base64"))
}

/// The items of a list, which may stand in several lines (RFC 9110, 5.6.1).
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|item| item.trim_matches([' ', '\t']))
}

/// The value of a header that is given once.
fn single(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut lines = headers.get_all(name).into_iter();
    let line = lines.next()?;
    lines.next().is_none().then(|| line.to_str().ok()).flatten()
}

/// A connection behind its handshake.
pub struct Opened {
    pub stream: Detached,
    /// What its client has sent already.
    pub read: Vec<u8>,
    /// What the connection holds.
    pub connection: Place,
    /// How fast its client has to read.
    pub reading: Reading,
}

/// The connection that a request was upgraded to.
pub fn connection(upgraded: Upgraded) -> Option<Opened> {
    let parts = upgraded.downcast::<TokioIo<Connection>>().ok()?;
    let connection = parts.io.into_inner();
    // A frame is to leave at once.
    connection.send_at_once().ok()?;
    let (stream, connection, reading) = connection.into_parts();
    let stream = stream.detach().ok()?;
    Some(Opened { stream, read: parts.read_buf.to_vec(), connection, reading })
}

#[cfg(test)]
mod tests;
