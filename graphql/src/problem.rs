//! Problem details (RFC 9457): what went wrong outside GraphQL, at requests and at handshakes.
//!
//! A refusal that GraphQL would answer has its code and field here as well.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::Refusal;
use serde_json::{Value, json};

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    refusal: Option<Refusal>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), refusal: None }
    }

    pub fn of(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, detail: refusal.detail.clone(), refusal: Some(refusal) }
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
        let mut body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut wait = None;
        if let Some(refusal) = self.refusal {
            body["code"] = refusal.code.as_str().into();
            body["field"] = refusal.field.map_or(Value::Null, Value::from);
            wait =
                refusal.retry_after_ms.map(|milliseconds| (milliseconds.saturating_add(999) / 1_000).max(1));
        }
        let mut response = (self.status, Json(body)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
