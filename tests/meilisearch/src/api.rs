//! Requests and answers.

use axum::Router;
use axum::extract::{Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use serde_json::{Value, json};
use std::collections::HashMap;

use crate::State;
use crate::index::{BEGIN, Refused, Server, Work};

type Body = axum::Json<Value>;

pub fn routes(state: State) -> Router {
    Router::new()
        .route("/health", get(async || axum::Json(json!({ "status": "available" }))))
        .route("/tasks/{uid}", get(task))
        .route("/indexes", post(create))
        .route("/indexes/{uid}", delete(remove))
        .route("/indexes/{uid}/settings", patch(settings))
        .route("/indexes/{uid}/documents", post(documents))
        .route("/indexes/{uid}/documents/fetch", post(fetch))
        .route("/indexes/{uid}/search", post(search))
        .route("/swap-indexes", post(swap))
        .with_state(state)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, axum::Json(self.body())).into_response()
    }
}

type Answer = Result<Response, Refused>;

fn enqueue(state: &State, uid: Option<String>, work: Work) -> Answer {
    let mut server = state.server();
    server.step()?;
    let kind = work.kind();
    let task = server.enqueue(uid.clone(), work)?;
    let body = json!({
        "taskUid": task,
        "indexUid": uid,
        "status": "enqueued",
        "type": kind,
        "enqueuedAt": BEGIN,
    });
    Ok((StatusCode::ACCEPTED, axum::Json(body)).into_response())
}

fn answer(state: &State, ask: impl FnOnce(&Server) -> Result<Value, Refused>) -> Answer {
    let mut server = state.server();
    server.step()?;
    Ok(axum::Json(ask(&server)?).into_response())
}

async fn task(Shared(state): Shared<State>, Path(uid): Path<u64>) -> Answer {
    answer(&state, |server| server.task(uid))
}

async fn create(Shared(state): Shared<State>, axum::Json(body): Body) -> Answer {
    let uid = body["uid"].as_str().unwrap_or_default().to_owned();
    let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if uid.is_empty() || !uid.chars().all(is_valid) {
        return Err(Refused::bad("invalid_index_uid", "invalid uid"));
    }
    let key = body["primaryKey"].as_str().map(str::to_owned);
    enqueue(&state, Some(uid.clone()), Work::Create { uid, key })
}

async fn remove(Shared(state): Shared<State>, Path(uid): Path<String>) -> Answer {
    enqueue(&state, Some(uid.clone()), Work::Remove { uid })
}

async fn settings(
    Shared(state): Shared<State>,
    Path(uid): Path<String>,
    axum::Json(settings): Body,
) -> Answer {
    enqueue(&state, Some(uid.clone()), Work::Settings { uid, settings })
}

async fn documents(
    Shared(state): Shared<State>,
    Path(uid): Path<String>,
    Query(parameters): Query<HashMap<String, String>>,
    axum::Json(body): Body,
) -> Answer {
    let Value::Array(documents) = body else {
        return Err(Refused::bad("malformed_payload", "an array of documents"));
    };
    let key = parameters.get("primaryKey").cloned();
    enqueue(&state, Some(uid.clone()), Work::Documents { uid, key, documents })
}

async fn swap(Shared(state): Shared<State>, axum::Json(body): Body) -> Answer {
    let pairs = body.as_array().into_iter().flatten();
    let pairs = pairs.filter_map(|pair| {
        let name = |at: usize| pair["indexes"][at].as_str().map(str::to_owned);
        Some([name(0)?, name(1)?])
    });
    enqueue(&state, None, Work::Swap { pairs: pairs.collect() })
}

async fn fetch(Shared(state): Shared<State>, Path(uid): Path<String>, axum::Json(body): Body) -> Answer {
    answer(&state, |server| server.index(&uid)?.fetch(&body))
}

async fn search(Shared(state): Shared<State>, Path(uid): Path<String>, axum::Json(body): Body) -> Answer {
    answer(&state, |server| server.index(&uid)?.search(&body))
}
