//! One request and its answer over one connection, which then closes.
//!
//! Invariant: of an answer no more is read than the bounds, and no more is kept after decompression.

use std::future::pending;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, LOCATION, SET_COOKIE, TRANSFER_ENCODING,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use crate::Refusal;
use crate::connect::Stream;
use crate::decode::{Encoding, decode};

/// Bytes and lines of the head of an answer.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LINES: usize = 100;

/// Bytes of a body.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub wire: usize,
    pub decoded: usize,
}

/// What a site has answered.
pub enum Reply {
    Whole {
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
    },
    /// Where it sends those who ask; its body is not read.
    Elsewhere(String),
}

/// Sends a request and reads its answer. `follows` makes redirects a [`Reply::Elsewhere`].
pub async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    bounds: Bounds,
    follows: bool,
) -> Result<Reply, Refusal> {
    let mut builder = http1::Builder::new();
    builder.max_headers(HEAD_LINES).max_buf_size(HEAD_BYTES);
    let (mut sender, connection) =
        builder.handshake(TokioIo::new(stream)).await.map_err(|_| Refusal::Broken)?;
    let asking = async move {
        let response = sender.send_request(request).await.map_err(|_| Refusal::Broken)?;
        if follows && let Some(location) = location(&response)? {
            return Ok(Reply::Elsewhere(location));
        }
        let (head, body) = response.into_parts();
        let encoding = Encoding::of(&head.headers)?;
        let body = decode(encoding, read(body, bounds.wire).await?, bounds.decoded)?;
        let mut headers = head.headers;
        // What concerned the connection, or a client that keeps cookies.
        for gone in [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING] {
            headers.remove(gone);
        }
        Ok(Reply::Whole { status: head.status, headers, body })
    };
    // A connection may end before its answer is read: what was received is still there.
    let carrying = async {
        let _ = connection.await;
        pending().await
    };
    tokio::select! {
        reply = asking => reply,
        reply = carrying => reply,
    }
}

/// Where a redirect leads; other answers lead nowhere.
fn location(response: &Response<Incoming>) -> Result<Option<String>, Refusal> {
    let is_redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    let location = response.headers().get(LOCATION).filter(|_| is_redirect);
    let text = location.map(|location| std::str::from_utf8(location.as_bytes()).map(str::to_owned));
    text.transpose().map_err(|_| Refusal::Malformed)
}

async fn read(mut body: Incoming, most: usize) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > most as u64 {
        return Err(Refusal::WireBytes);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
        if whole.len() + data.len() > most {
            return Err(Refusal::WireBytes);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
