//! What an operation is answered: its response, with the headers that its errors ask for.
//!
//! Invariant: every error has a code; the headers speak of the error that asks for the longest wait,
//! because an earlier try would meet it again.

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemas::ErrorCode;

use crate::metrics::REQUESTS;

const RATE_LIMIT: &str = "ratelimit";

/// The answer over HTTP; counted under the operation's name and the code of its first error.
pub fn answer(operation: &'static str, response: GraphqlResponse) -> Response {
    let response = graphql::error::with_codes(response);
    let result = response.errors.first().map_or("ok", code_of);
    REQUESTS.with_label_values(&[operation, result]).inc();
    let mut http = Json(&response).into_response();
    let longest = response.errors.iter().filter_map(wait_seconds).max();
    if let Some(seconds) = longest {
        http.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let limited = response.errors.iter().filter_map(rate_limit).max_by_key(|(seconds, _)| *seconds);
    if let Some(Ok(value)) = limited.map(|(_, text)| HeaderValue::from_str(&text)) {
        http.headers_mut().insert(RATE_LIMIT, value);
    }
    http
}

fn extension<'a>(error: &'a ServerError, name: &str) -> Option<&'a Value> {
    error.extensions.as_ref()?.get(name)
}

fn code_of(error: &ServerError) -> &'static str {
    let told = match extension(error, "code") {
        Some(Value::String(code)) => code,
        _ => "",
    };
    let known = ErrorCode::ALL.into_iter().find(|code| code.as_str() == told);
    known.unwrap_or(ErrorCode::InternalServerError).as_str()
}

fn wait_seconds(error: &ServerError) -> Option<i64> {
    let Value::Number(milliseconds) = extension(error, "retryAfterMs")? else { return None };
    Some((milliseconds.as_i64()?.saturating_add(999) / 1_000).max(1))
}

/// How long to wait for a limit, and the header that says so.
fn rate_limit(error: &ServerError) -> Option<(i64, String)> {
    let seconds = wait_seconds(error)?;
    let (limit, window) = (extension(error, "limit")?, extension(error, "windowSeconds")?);
    Some((seconds, format!("{limit};r=0;t={seconds};w={window}")))
}

#[cfg(test)]
mod tests {
    use graphql::error::server_error;
    use schemas::Refusal;

    use super::*;

    fn limited(limit: &str, retry_after_ms: i64) -> Refusal {
        Refusal {
            limit: Some(limit.to_owned()),
            window_seconds: Some(60),
            retry_after_ms: Some(retry_after_ms),
            ..Refusal::new(ErrorCode::RateLimited, "later")
        }
    }

    #[test]
    fn headers_speak_of_the_longest_wait_wherever_it_stands() {
        let not_found = Refusal::not_found;
        let unavailable = || Refusal::unavailable("later");
        for (refusals, retry_after, rate_limit) in [
            (vec![], None, None),
            (vec![not_found()], None, None),
            (vec![unavailable()], Some("1"), None),
            (vec![limited("send", 1)], Some("1"), Some(r#""send";r=0;t=1;w=60"#)),
            (vec![not_found(), limited("send", 1_001)], Some("2"), Some(r#""send";r=0;t=2;w=60"#)),
            (
                vec![limited("send", 2_000), not_found(), limited("edit", 9_000), limited("send", 3_000)],
                Some("9"),
                Some(r#""edit";r=0;t=9;w=60"#),
            ),
            (vec![limited("send", 500), unavailable()], Some("1"), Some(r#""send";r=0;t=1;w=60"#)),
        ] {
            let errors: Vec<_> = refusals.into_iter().map(server_error).collect();
            let answer = answer("query", GraphqlResponse::from_errors(errors));
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
            assert_eq!((header("retry-after"), header(RATE_LIMIT)), (retry_after, rate_limit));
        }
    }
}
