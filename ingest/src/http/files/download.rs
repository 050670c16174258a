//! Bytes of a stored file, whole or by a range.
//!
//! Invariant: a browser neither guesses the type of what it gets nor runs it. What is stored under a link
//! never changes, so it may be cached until the link expires.

use std::ops::Range;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::files::FileType;
use futures::stream;
use graphql::limits::Peer;
use graphql::links::FileLink;
use graphql::problem::Problem;
use objects::{Objects, ObjectsError};
use tokio::sync::OwnedSemaphorePermit;

use super::{away, counted, refused};
use crate::http::Http;
use crate::http::tags::knows;
use crate::metrics::Transfer;

/// Bytes that are read at once.
const CHUNK_BYTES: u64 = 256 * 1024;
/// A page that shows the file may load nothing and run nothing.
const CONTENT_POLICY: &str = "default-src 'none'; sandbox";

pub async fn get(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    counted(Transfer::Download, serve(&http, peer, &token, &headers).await)
}

async fn serve(
    http: &Http,
    peer: Option<Extension<Peer>>,
    token: &str,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    http.attempt(peer)?;
    let now = http.clock.now();
    let link = http.reads.links.read_file(token, now).map_err(refused)?;
    let gone = || Problem::new(StatusCode::NOT_FOUND, "no such file");
    let rendition = link.rendition;
    let place = http.transfers.download()?;
    let objects = &http.ingest.objects;
    let size = objects.size(link.attachment.as_str(), rendition).await.map_err(|error| away(&error))?;
    let size = size.ok_or_else(gone)?;
    let tag = format!("\"{}-{}\"", link.attachment, rendition.name());
    let mut headers = described(&link, &tag, now);
    if knows(asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let (status, range) = match wanted(asked, &tag, size) {
        Wanted::All => (StatusCode::OK, 0..size),
        Wanted::Part(range) => {
            let said = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            headers.extend(HeaderValue::try_from(said).ok().map(|said| (header::CONTENT_RANGE, said)));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Wanted::Nothing => {
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "the range is beyond the end");
            return Ok(([(header::CONTENT_RANGE, format!("bytes */{size}"))], problem).into_response());
        }
    };
    headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    Ok((status, headers, body(objects.clone(), link, range, place)).into_response())
}

fn described(link: &FileLink, tag: &str, now: i64) -> HeaderMap {
    let seconds = (link.expires_at - now) / 1_000;
    let texts = [
        (header::CONTENT_TYPE, link.content_type.clone()),
        (header::ETAG, tag.to_owned()),
        (header::CACHE_CONTROL, format!("private, immutable, max-age={seconds}")),
        (header::CONTENT_DISPOSITION, disposition(link)),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY.to_owned()),
        // Pages of other origins show attachments; the link is the right to do so.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    let valid = texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)));
    valid.collect()
}

/// Only an image that was encoded anew is shown in place, and audio heard; everything else is saved (RFC 6266).
fn disposition(link: &FileLink) -> String {
    let is_inline = |kind: FileType| kind.is_image() || kind.is_audio();
    let kind = if FileType::of(&link.content_type).is_some_and(is_inline) { "inline" } else { "attachment" };
    let encoded = link.file_name.bytes().fold(String::new(), |text, byte| match byte {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => text + &char::from(b).to_string(),
        other => format!("{text}%{other:02X}"),
    });
    format!("{kind}; filename*=UTF-8''{encoded}")
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    /// A range that the file does not have.
    Nothing,
}

/// The one range that is asked for; of several, or of what is no range, the whole is given.
fn wanted(asked: &HeaderMap, tag: &str, size: u64) -> Wanted {
    let is_current = asked.get(header::IF_RANGE).is_none_or(|only| only.as_bytes() == tag.as_bytes());
    let range = asked.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
    let Some((first, last)) = range.filter(|_| is_current).and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // A number that is too large is beyond every end.
    let number = |text: &str| text.parse::<u64>().unwrap_or(u64::MAX);
    let range = match (first, last) {
        ("", last) if digits(last) => size.saturating_sub(number(last))..size,
        (first, "") if digits(first) => number(first)..size,
        (first, last) if digits(first) && digits(last) => {
            if number(first) > number(last) {
                return Wanted::All;
            }
            number(first)..number(last).saturating_add(1).min(size)
        }
        _ => return Wanted::All,
    };
    if range.start < range.end { Wanted::Part(range) } else { Wanted::Nothing }
}

/// The bytes, read as the client takes them.
fn body(objects: Objects, link: FileLink, range: Range<u64>, place: OwnedSemaphorePermit) -> Body {
    let chunks = stream::unfold((range, place), move |(range, place)| {
        let (objects, id, rendition) = (objects.clone(), link.attachment.clone(), link.rendition);
        async move {
            if range.is_empty() {
                return None;
            }
            let next = range.start..range.end.min(range.start + CHUNK_BYTES);
            let rest = next.end..range.end;
            let bytes: Result<Bytes, ObjectsError> = match objects.range(id.as_str(), rendition, next).await {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => Err(ObjectsError::Refused("removed meanwhile".to_owned())),
                Err(error) => Err(error),
            };
            // After an error nothing follows: the client sees a body that is too short.
            let rest = if bytes.is_ok() { rest } else { range.end..range.end };
            Some((bytes, (rest, place)))
        }
    });
    Body::from_stream(chunks)
}

#[cfg(test)]
mod tests {
    use objects::Rendition;

    use super::*;

    fn link(content_type: &str, file_name: &str) -> FileLink {
        FileLink {
            attachment: "0".repeat(32).parse().unwrap(),
            rendition: Rendition::Whole,
            content_type: content_type.to_owned(),
            file_name: file_name.to_owned(),
            expires_at: 10_000,
        }
    }

    #[test]
    fn images_and_audio_alone_are_inline_and_a_name_is_no_header() {
        for (kind, name, expected) in [
            ("image/png", "a b.png", "inline; filename*=UTF-8''a%20b.png"),
            ("image/jpeg", "ü\".jpg", "inline; filename*=UTF-8''%C3%BC%22.jpg"),
            (
                "application/pdf",
                "x\r\nSet-Cookie: y",
                "attachment; filename*=UTF-8''x%0D%0ASet-Cookie%3A%20y",
            ),
            ("video/mp4", "v.mp4", "attachment; filename*=UTF-8''v.mp4"),
            ("audio/webm", "v.webm", "inline; filename*=UTF-8''v.webm"),
            ("audio/mp4", "v.m4a", "inline; filename*=UTF-8''v.m4a"),
            ("text/html", "x.html", "attachment; filename*=UTF-8''x.html"),
        ] {
            assert_eq!(disposition(&link(kind, name)), expected);
        }
    }

    #[test]
    fn one_range_is_given_and_what_is_none_gives_the_whole() {
        use Wanted::{All, Nothing, Part};
        for (range, if_range, expected) in [
            (None, None, All),
            (Some("bytes=0-9"), None, Part(0..10)),
            (Some("bytes=90-"), None, Part(90..100)),
            (Some("bytes=-10"), None, Part(90..100)),
            (Some("bytes=-1000"), None, Part(0..100)),
            (Some("bytes=50-1000"), None, Part(50..100)),
            (Some("bytes=100-"), None, Nothing),
            (Some("bytes=99999999999999999999-"), None, Nothing),
            (Some("bytes=-0"), None, Nothing),
            (Some("bytes=9-0"), None, All),
            (Some("bytes=0-1,5-6"), None, All),
            (Some("bytes=-"), None, All),
            (Some("bytes=a-b"), None, All),
            (Some("items=0-1"), None, All),
            (Some("bytes=0-9"), Some("\"tag\""), Part(0..10)),
            (Some("bytes=0-9"), Some("\"other\""), All),
            (Some("bytes=0-9"), Some("W/\"tag\""), All),
        ] {
            let mut headers = HeaderMap::new();
            let values = [(header::RANGE, range), (header::IF_RANGE, if_range)];
            headers
                .extend(values.into_iter().filter_map(|(name, value)| Some((name, value?.parse().unwrap()))));
            assert_eq!(wanted(&headers, "\"tag\"", 100), expected, "{range:?} {if_range:?}");
        }
    }
}
