//! Problem details (RFC 9457): what went wrong outside GraphQL, at requests and at handshakes.
//!
//! A refusal that GraphQL would answer has its code and field here as well.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemas::Refusal;
use serde_json::{Value, json};

use crate::error::brief;

/// What went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    refusal: Option<Refusal>,
}

impl Problem {
    /// A problem; what is longer than an error may be is cut off.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: brief(detail.into()), refusal: None }
    }

    pub fn of(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, detail: brief(refusal.detail.clone()), refusal: Some(refusal) }
    }

    /// The problem as the body of an answer.
    pub fn to_json(&self) -> String {
        let Self { status, detail, refusal } = self;
        let title = status.canonical_reason();
        let mut body =
            json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
        if let Some(refusal) = refusal {
            body["code"] = refusal.code.as_str().into();
            body["field"] = refusal.field.as_deref().map_or(Value::Null, Value::from);
        }
        body.to_string()
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
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], self.to_json()).into_response();
        if let Some(wait) = self.refusal.and_then(|refusal| refusal.retry_after_ms) {
            response.headers_mut().insert(header::RETRY_AFTER, Refusal::retry_after_seconds(wait).into());
        }
        response
    }
}
