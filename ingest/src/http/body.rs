//! Bodies of requests.
//!
//! Invariant: whoever handles a request has its whole body, and does not wait for the client.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use graphql::problem::Problem;
use tokio::time::timeout;

use super::connections::READ_WITHIN;

/// Reads the body, and goes on with it.
pub async fn read_whole(request: Request, next: Next) -> Response {
    match read(request, READ_WITHIN).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused,
    }
}

async fn read(request: Request, within: Duration) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), body);
    match timeout(within, Bytes::from_request(head, &())).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(rejection)) => Err(Problem::new(rejection.status(), rejection.body_text()).into_response()),
        Err(_) => {
            let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly");
            Err(([(header::CONNECTION, "close")], problem).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_end_is_not_waited_for() {
        let piece = || stream::iter([Ok::<_, std::io::Error>("{")]);
        let endless = Body::from_stream(piece().chain(stream::pending()));
        let short = Duration::from_millis(20);
        let refused = read(Request::new(endless), short).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert!(read(Request::new(Body::from_stream(piece())), READ_WITHIN).await.is_ok());
    }
}
