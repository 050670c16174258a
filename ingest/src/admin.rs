//! The admin port: liveness, readiness, metrics, schemas; and the admin API, once the process serves requests.

pub mod v1;

use std::sync::{Arc, OnceLock};

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use platform::lifecycle::Readiness;
use prometheus::{Encoder, TextEncoder};
use schemas::avro::released;
use serde_json::json;
use tower::ServiceExt;

use graphql::problem::{self, Problem};

/// The routes of the admin API, which come once there is an ingest.
pub type Later = Arc<OnceLock<Router>>;

pub fn routes(readiness: Readiness, platform: Later) -> Router {
    let later = move |request: Request| async move {
        match platform.get() {
            Some(routes) => routes.clone().oneshot(request).await.into_response(),
            None => problem::not_found().await.into_response(),
        }
    };
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/schemas/ids/{id}", get(schema))
        .fallback(later)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>, RawQuery(query): RawQuery) -> Response {
    let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let verbose = query.is_some_and(|query| query.split('&').any(|part| part.starts_with("verbose")));
    let waiting = readiness.waiting_for();
    let text = match (waiting.as_slice(), verbose) {
        ([], _) => "ready\n".to_owned(),
        (_, false) => "not ready\n".to_owned(),
        (latches, true) => format!("waiting for {}\n", latches.join(", ")),
    };
    (status, text).into_response()
}

async fn metrics() -> Response {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&prometheus::gather(), &mut text) {
        Ok(()) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A schema by its id, as a schema registry answers.
async fn schema(id: Result<Path<u32>, PathRejection>) -> Response {
    let schema = id.ok().and_then(|Path(id)| released().find(|schema| schema.id == id));
    match schema {
        Some(schema) => Json(json!({ "schema": schema.json })).into_response(),
        None => Problem::new(StatusCode::NOT_FOUND, "no schema has this id").into_response(),
    }
}
