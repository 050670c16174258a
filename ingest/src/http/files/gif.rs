//! Images of GIFs, which are had from their provider for whoever has a link.
//!
//! Invariant: the provider sees this process, and neither the client's address nor what they sent.

use std::sync::Arc;

use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gifs::ImageError;
use graphql::limits::Peer;
use graphql::problem::Problem;
use schemas::Refusal;

use super::{counted, refused};
use crate::http::Http;
use crate::metrics::Transfer;

/// A page that shows the image may load nothing and run nothing.
const CONTENT_POLICY: &str = "default-src 'none'; sandbox";

pub async fn get(
    State(http): State<Arc<Http>>,
    peer: Option<Extension<Peer>>,
    Path(token): Path<String>,
) -> Response {
    counted(Transfer::Download, serve(&http, peer, &token).await)
}

async fn serve(http: &Http, peer: Option<Extension<Peer>>, token: &str) -> Result<Response, Problem> {
    http.attempt(peer)?;
    let now = http.clock.now();
    let (url, expires_at) = http.reads.links.read_gif(token, now).map_err(refused)?;
    let _place = http.transfers.download()?;
    let image = http.ingest.gifs().images.get(&url).await.map_err(|error| match error {
        ImageError::Gone => Problem::new(StatusCode::NOT_FOUND, error.to_string()),
        ImageError::Away => {
            Problem::of(StatusCode::SERVICE_UNAVAILABLE, Refusal::unavailable(error.to_string()))
        }
    })?;
    let seconds = (expires_at - now) / 1_000;
    let texts = [
        (header::CONTENT_TYPE, image.content_type.to_owned()),
        (header::CACHE_CONTROL, format!("private, immutable, max-age={seconds}")),
        (header::CONTENT_DISPOSITION, "inline".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY.to_owned()),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin".to_owned()),
    ];
    let valid = texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?)));
    Ok((valid.collect::<HeaderMap>(), image.bytes).into_response())
}
