//! Requests of pages of other origins (Fetch, "CORS protocol").
//!
//! Invariant: an origin that gets no socket gets no allowing header. No cookie is read, so credentials
//! are not allowed.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use graphql::Origins;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what a preflight allowed.
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// Allows the origins to use `methods`.
pub fn layer(origins: &Origins, methods: &[Method]) -> CorsLayer {
    let origins = origins.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| origins.allows(origin)))
        .allow_methods(methods.to_vec())
        .allow_headers([
            header::CONTENT_TYPE,
            header::AUTHORIZATION,
            HeaderName::from_static("x-device-id"),
            HeaderName::from_static(super::PREFLIGHT_HEADER),
            HeaderName::from_static("traceparent"),
            header::CONTENT_RANGE,
            header::RANGE,
            header::IF_RANGE,
        ])
        .expose_headers([
            header::RETRY_AFTER,
            HeaderName::from_static(super::answer::RATE_LIMIT),
            HeaderName::from_static(super::answer::RATE_LIMIT_POLICY),
            super::files::OFFSET,
            header::CONTENT_RANGE,
        ])
        .max_age(REMEMBERED)
}

/// What [`options`] answers by.
#[derive(Clone)]
pub struct Answering {
    pub origins: Origins,
    pub allow: &'static str,
}

/// Answers OPTIONS that is no preflight of an allowed origin; a layer around that of [`layer`], which
/// takes every OPTIONS for a preflight.
pub async fn options(State(answering): State<Answering>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_preflight = headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && answering.origins.allow(headers);
    if request.method() != Method::OPTIONS || is_preflight {
        return next.run(request).await;
    }
    let headers = [(header::ALLOW, answering.allow), (header::VARY, "origin")];
    (StatusCode::NO_CONTENT, headers.map(|(name, value)| (name, HeaderValue::from_static(value))))
        .into_response()
}
