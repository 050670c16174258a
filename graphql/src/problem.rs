//! Problem details (RFC 9457): what went wrong outside GraphQL, at requests and at handshakes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::brief;

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
}

impl Problem {
    /// A problem; what is longer than an error may be is cut off.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: brief(detail.into()) }
    }

    /// The problem as the body of an answer.
    pub fn to_json(&self) -> String {
        let Self { status, detail } = self;
        let title = status.canonical_reason();
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail })
            .to_string()
    }
}

/// For a router's fallback.
pub async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no such resource")
}

/// For a router's fallback where the resource is there.
pub async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "not with this method")
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(header::CONTENT_TYPE, kind)], self.to_json()).into_response()
    }
}
