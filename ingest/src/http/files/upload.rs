//! Bytes of a file: put whole, or in parts that begin where the last whole piece ends.
//!
//! Invariant: no more is staged than the ticket allows. Pieces that have come whole stay when a connection
//! breaks; HEAD says where to go on.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures::StreamExt;
use graphql::limits::Peer;
use graphql::links::UploadLink;
use graphql::problem::Problem;
use objects::PIECE_BYTES;
use schemas::ErrorCode;
use tokio::time::timeout;

use super::{away, counted, refused};
use crate::http::Http;
use crate::http::connections::READ_WITHIN;
use crate::metrics::Transfer;

/// Says how many bytes of the file are there; a part begins there.
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// How long the bytes of one piece may take.
const PIECE_WITHIN: Duration = Duration::from_secs(120);

pub async fn put(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    counted(Transfer::Upload, receive(&http, peer, &token, &headers, body).await)
}

pub async fn head(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    Path(token): Path<String>,
) -> Response {
    let found = async {
        let link = permitted(&http, peer, &token).await?;
        progress(&http, &link).await
    };
    counted(Transfer::Upload, found.await.map(at))
}

async fn receive(
    http: &Http,
    peer: Option<Extension<Peer>>,
    token: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let link = permitted(http, peer, token).await?;
    let _place = http.transfers.upload(&link.uploader)?;
    let size = u64::try_from(link.byte_size).unwrap_or(0);
    let part = part(headers, size)?;
    let there = progress(http, &link).await?;
    if part.start > there {
        let detail = format!("a part begins at a whole piece that is there: {there}");
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let end = part.end;
    stage(http, &link, part, body).await?;
    Ok(at(there.max(end)))
}

/// The ticket of a token, if its attachment still waits for bytes.
async fn permitted(http: &Http, peer: Option<Extension<Peer>>, token: &str) -> Result<UploadLink, Problem> {
    http.attempt(peer)?;
    let link = http.reads.links.read_upload(token, http.clock.now()).map_err(refused)?;
    match http.reads.attachment(&link.uploader, &link.attachment).await {
        Ok(row) if row.progress.is_uploading() => Ok(link),
        Ok(_) => Err(Problem::new(StatusCode::CONFLICT, "the upload is complete")),
        Err(refusal) if refusal.code == ErrorCode::NotFound => {
            Err(Problem::of(StatusCode::NOT_FOUND, refusal))
        }
        Err(refusal) => Err(Problem::of(StatusCode::SERVICE_UNAVAILABLE, refusal)),
    }
}

/// Where the next part may begin: at the end, or after the last whole piece.
async fn progress(http: &Http, link: &UploadLink) -> Result<u64, Problem> {
    let staged = http.ingest.objects.staged(link.attachment.as_str()).await;
    let there = staged.map_err(|error| away(&error))?;
    let is_whole = u64::try_from(link.byte_size) == Ok(there);
    Ok(if is_whole { there } else { there - there % PIECE_BYTES as u64 })
}

fn at(offset: u64) -> Response {
    (StatusCode::NO_CONTENT, [(OFFSET, offset.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())])
        .into_response()
}

/// The part of the file that a request brings: the whole, or what `Content-Range` says (RFC 9110, 14.4).
fn part(headers: &HeaderMap, size: u64) -> Result<Range<u64>, Problem> {
    let bad = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail);
    let Some(range) = headers.get(header::CONTENT_RANGE) else { return Ok(0..size) };
    let said = range.to_str().ok().and_then(|range| range.strip_prefix("bytes "));
    let (span, total) = said.and_then(|said| said.split_once('/')).ok_or_else(|| bad("no byte range"))?;
    let (first, last) = span.split_once('-').ok_or_else(|| bad("no byte range"))?;
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u64>().map_err(|_| bad("no byte range")),
        false => Err(bad("no byte range")),
    };
    let (first, last, total) = (number(first)?, number(last)?, number(total)?);
    if total != size || first > last || last >= size {
        return Err(bad("the range is not one of the declared file"));
    }
    let piece = PIECE_BYTES as u64;
    let end = last + 1;
    if first % piece != 0 || (end % piece != 0 && end != size) {
        let detail =
            format!("a part begins and ends at a multiple of {piece} bytes, or at the end of the file");
        return Err(bad(&detail));
    }
    Ok(first..end)
}

/// Stages the pieces of a body as they come.
async fn stage(http: &Http, link: &UploadLink, part: Range<u64>, body: Body) -> Result<(), Problem> {
    let bad = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, detail);
    let wanted = part.end - part.start;
    let (mut bytes, mut came) = (body.into_data_stream(), 0_u64);
    let mut number = usize::try_from(part.start).unwrap_or(0) / PIECE_BYTES;
    let mut rest = Bytes::new();
    while came < wanted {
        let length = usize::try_from(wanted - came).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let mut piece = BytesMut::with_capacity(length);
        let filled = timeout(PIECE_WITHIN, async {
            while piece.len() < length {
                if rest.is_empty() {
                    rest = match timeout(READ_WITHIN, bytes.next()).await {
                        Ok(Some(Ok(more))) => more,
                        Ok(Some(Err(_))) => return Err(bad("the body broke off")),
                        Ok(None) => return Err(bad("the body is shorter than the part")),
                        Err(_) => return Err(slow()),
                    };
                }
                let taken = rest.split_to(rest.len().min(length - piece.len()));
                piece.extend_from_slice(&taken);
            }
            Ok(())
        });
        filled.await.unwrap_or_else(|_| Err(slow()))?;
        came += piece.len() as u64;
        let staged = http.ingest.objects.stage(link.attachment.as_str(), number, piece.freeze()).await;
        staged.map_err(|error| away(&error))?;
        number += 1;
    }
    // More than declared is nothing that was asked for, and shows that the client is wrong about its file.
    match rest.is_empty().then(|| timeout(READ_WITHIN, bytes.next())) {
        None => Err(bad("the body is longer than the part")),
        Some(next) => match next.await {
            Ok(None) => Ok(()),
            Ok(Some(Ok(more))) if more.is_empty() => Ok(()),
            Ok(Some(_)) => Err(bad("the body is longer than the part")),
            Err(_) => Err(slow()),
        },
    }
}

fn slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_made_of_whole_pieces() {
        let size = 2 * 1_048_576 + 7;
        let of = |range: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_RANGE, range.parse().unwrap());
            part(&headers, size).ok()
        };
        assert_eq!(part(&HeaderMap::new(), size).ok(), Some(0..size));
        for (range, expected) in [
            ("bytes 0-2097158/2097159", Some(0..size)),
            ("bytes 0-1048575/2097159", Some(0..1_048_576)),
            ("bytes 1048576-2097158/2097159", Some(1_048_576..size)),
            ("bytes 2097152-2097158/2097159", Some(2_097_152..size)),
            ("bytes 0-10/2097159", None),
            ("bytes 7-1048575/2097159", None),
            ("bytes 0-2097159/2097159", None),
            ("bytes 0-2097158/2097160", None),
            ("bytes 0-2097158/*", None),
            ("bytes */2097159", None),
            ("bytes +0-1048575/2097159", None),
            ("bytes 5-1/2097159", None),
            ("bytes 0-99999999999999999999/2097159", None),
            ("items 0-1048575/2097159", None),
            ("", None),
        ] {
            assert_eq!(of(range), expected, "{range}");
        }
    }
}
