//! The answer to an operation: its response, with the status and the headers that its errors ask for.
//!
//! Invariants: every error has a code; a response has `data` exactly if the operation was executed;
//! `Retry-After` is the longest wait, because an earlier try would meet its limit again; `RateLimit` and
//! `RateLimit-Policy` have each limit that was met once (draft-ietf-httpapi-ratelimit-headers-10).

use std::sync::Arc;

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use graphql::error::server_error;
use graphql::limits::Execution;
use schemas::{ErrorCode, Refusal};
use serde_json::json;

use super::accept::Media;
use crate::metrics::REQUESTS;

pub const RATE_LIMIT: &str = "ratelimit";
pub const RATE_LIMIT_POLICY: &str = "ratelimit-policy";

/// What came of a request.
pub enum Outcome {
    Executed(GraphqlResponse, Arc<Execution>),
    /// Nothing was executed, or its end was not waited for.
    Refused(Vec<ServerError>),
}

impl Outcome {
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(vec![server_error(refusal)])
    }
}

/// An answer that is not sent: its execution lasts until the connection has taken all of it.
struct Unsent {
    text: String,
    _execution: Option<Arc<Execution>>,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// The answer over HTTP; counted under the operation's name and the code of its first error.
pub fn answer(operation: &'static str, media: Media, outcome: Outcome) -> Response {
    let (response, execution) = match outcome {
        Outcome::Executed(response, execution) => (response, Some(execution)),
        Outcome::Refused(errors) => (GraphqlResponse::from_errors(errors), None),
    };
    let is_executed = execution.is_some();
    let response = graphql::error::with_codes(response);
    let first = response.errors.first().map(code_of);
    REQUESTS.with_label_values(&[operation, first.map_or("ok", ErrorCode::as_str)]).inc();
    let status = match (media, first) {
        (Media::GraphqlResponse, Some(code)) if !is_executed => status_of(code),
        _ => StatusCode::OK,
    };
    let body = if is_executed {
        serde_json::to_string(&response)
    } else {
        serde_json::to_string(&json!({ "errors": response.errors }))
    };
    let unsent = Unsent { text: body.unwrap_or_default(), _execution: execution };
    let body = Body::from(Bytes::from_owner(unsent));
    let mut http = (status, [(header::CONTENT_TYPE, media.header())], body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        http.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let longest = response.errors.iter().filter_map(wait_seconds).max();
    if let Some(seconds) = longest {
        http.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    // A client that goes on beyond its limit has to open a connection for each answer.
    if !is_executed && first == Some(ErrorCode::RateLimited) {
        http.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let met = met_limits(&response.errors);
    put_list(&mut http, RATE_LIMIT, met.iter().map(|met| format!("{};r=0;t={}", met.name, met.wait)));
    put_list(&mut http, RATE_LIMIT_POLICY, met.iter().filter_map(MetLimit::policy));
    http
}

/// Inserts a list of structured fields (RFC 9651), unless it is empty.
fn put_list(http: &mut Response, name: &'static str, items: impl Iterator<Item = String>) {
    let list = items.collect::<Vec<String>>().join(", ");
    if let Some(value) = HeaderValue::from_str(&list).ok().filter(|value| !value.is_empty()) {
        http.headers_mut().insert(name, value);
    }
}

/// The status of a response without data.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::OutcomePending => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn extension<'a>(error: &'a ServerError, name: &str) -> Option<&'a Value> {
    error.extensions.as_ref()?.get(name)
}

fn code_of(error: &ServerError) -> ErrorCode {
    let code = match extension(error, "code") {
        Some(Value::String(code)) => code,
        _ => "",
    };
    let known = ErrorCode::ALL.into_iter().find(|known| known.as_str() == code);
    known.unwrap_or(ErrorCode::InternalServerError)
}

fn number(error: &ServerError, name: &str) -> Option<i64> {
    let Value::Number(number) = extension(error, name)? else { return None };
    number.as_i64()
}

fn wait_seconds(error: &ServerError) -> Option<i64> {
    number(error, "retryAfterMs").map(Refusal::retry_after_seconds)
}

/// A limit that an answer has met.
struct MetLimit {
    /// A string of structured fields: quoted.
    name: String,
    /// In seconds.
    wait: i64,
    window: i64,
    /// Absent where what is counted is neither requests nor effects.
    quota: Option<i64>,
}

impl MetLimit {
    fn of(error: &ServerError) -> Option<Self> {
        let Value::String(name) = extension(error, "limit")? else { return None };
        Some(Self {
            name: format!("\"{name}\""),
            wait: wait_seconds(error)?,
            window: number(error, "windowSeconds")?,
            quota: number(error, "quota"),
        })
    }

    fn policy(&self) -> Option<String> {
        self.quota.map(|quota| format!("{};q={quota};w={}", self.name, self.window))
    }
}

/// Each limit that errors name, with its longest wait.
fn met_limits(errors: &[ServerError]) -> Vec<MetLimit> {
    let mut met: Vec<MetLimit> = vec![];
    for limit in errors.iter().filter_map(MetLimit::of) {
        match met.iter_mut().find(|other| other.name == limit.name) {
            Some(other) => other.wait = other.wait.max(limit.wait),
            None => met.push(limit),
        }
    }
    met
}

#[cfg(test)]
mod tests {
    use graphql::limits::{Limits, Options};

    use super::*;

    fn limited(limit: &str, quota: i64, retry_after_ms: i64) -> Refusal {
        Refusal { quota: Some(quota), ..Refusal::rate_limited(limit, "later", 60, retry_after_ms) }
    }

    #[test]
    fn headers_have_each_limit_once_and_the_longest_wait_wherever_it_stands() {
        let (not_found, unavailable) = (Refusal::not_found, || Refusal::unavailable("later"));
        let bytes = || Refusal::rate_limited("bytes", "later", 60, 4_000);
        for (refusals, retry_after, limits, policies) in [
            (vec![], None, None, None),
            (vec![not_found()], None, None, None),
            (vec![unavailable()], Some("1"), None, None),
            (vec![limited("send", 5, 1)], Some("1"), Some(r#""send";r=0;t=1"#), Some(r#""send";q=5;w=60"#)),
            (vec![not_found(), bytes()], Some("4"), Some(r#""bytes";r=0;t=4"#), None),
            (
                vec![
                    limited("send", 5, 2_000),
                    not_found(),
                    limited("edit", 9, 9_000),
                    limited("send", 5, 3_001),
                ],
                Some("9"),
                Some(r#""send";r=0;t=4, "edit";r=0;t=9"#),
                Some(r#""send";q=5;w=60, "edit";q=9;w=60"#),
            ),
        ] {
            let errors: Vec<_> = refusals.into_iter().map(server_error).collect();
            let answer = answer("query", Media::Json, Outcome::Refused(errors));
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(
                (header("retry-after"), header(RATE_LIMIT), header(RATE_LIMIT_POLICY)),
                (retry_after, limits, policies)
            );
        }
    }

    #[tokio::test]
    async fn the_status_says_whether_the_operation_was_executed() {
        let refused = |code| Outcome::Refused(vec![server_error(Refusal::new(code, "no"))]);
        let executed = |code: Option<ErrorCode>| {
            let errors = code.map(|code| server_error(Refusal::new(code, "no")));
            let execution = Limits::new(Options::default()).begin(None).unwrap();
            Outcome::Executed(GraphqlResponse::from_errors(errors.into_iter().collect()), execution)
        };
        use ErrorCode::{BadUserInput, NotFound, Unauthenticated, Unavailable};
        for (outcome, status, data) in [
            (executed(None), 200, true),
            (executed(Some(NotFound)), 200, true),
            (refused(BadUserInput), 400, false),
            (refused(Unauthenticated), 401, false),
            (refused(Unavailable), 503, false),
        ] {
            let answer = answer("query", Media::GraphqlResponse, outcome);
            assert_eq!(answer.status(), status);
            assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/graphql-response+json");
            assert_eq!(answer.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
            let body = axum::body::to_bytes(answer.into_body(), 1_024).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body.get("data").is_some(), data, "{body}");
        }
        assert_eq!(answer("query", Media::Json, refused(BadUserInput)).status(), 200);
    }
}
