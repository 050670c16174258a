//! One operation of a socket: a query or a mutation answered once, or a subscription.
//!
//! Invariants: nothing is parsed that is not within the limits; whatever comes of it, the client is
//! told, in time.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use async_graphql::{Request, Response};
use futures::{FutureExt, StreamExt};
use graphql::error::{internal, server_error, with_codes};
use graphql::live::{Mode, Topic};
use graphql::{Viewer, limits};
use schemas::Refusal;

use super::connection::{Connection, OperationNumber};
use super::frames;
use crate::protocol::{Operation, ServerMessage, next};
use crate::render::Selected;
use crate::shard::Shard;
use crate::subscription;

/// Runs an operation to its end, and says how it ended; or until its subscription is live.
pub async fn run(
    connection: Rc<Connection>,
    viewer: Viewer,
    (number, name): (OperationNumber, String),
    operation: Operation,
) {
    connection.shard.turn_to_start().await;
    let started = AssertUnwindSafe(start(&connection.shard, &viewer, operation)).catch_unwind().await;
    // The panic itself is told by the process's hook.
    let started = started.unwrap_or_else(|_| Started::refused(internal(&"an operation panicked")));
    let texts = match started {
        Started::Answered(response) => {
            [payload(&name, response), complete(&name)].map(|text| frames::text(&text)).concat()
        }
        Started::Failed(response) => frames::text(&error(&name, response)),
        Started::Subscribed(topic, selected) => {
            subscription::start(connection, viewer, (number, name), topic, selected).await;
            return;
        }
    };
    // If the socket has closed there is nobody to tell.
    let _ = connection.send(&texts).await;
    connection.ended(number);
}

enum Started {
    Answered(Response),
    /// It was not run at all, or was refused as a subscription.
    Failed(Response),
    Subscribed(Topic, Arc<Selected>),
}

impl Started {
    fn refused(refusal: Refusal) -> Self {
        Self::Failed(Response::from_errors(vec![server_error(refusal)]))
    }
}

async fn start(shard: &Shard, viewer: &Viewer, operation: Operation) -> Started {
    if let Some(started) = start_known(shard, viewer, &operation).await {
        return started;
    }
    let (mut request, asked) = request(viewer, &operation);
    let admitted = limits::admit(&mut request, false);
    let parsed = admitted.and_then(|admitted| Ok((admitted.kind, request.parsed_query()?.clone())));
    let (kind, document) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Started::Failed(Response::from_errors(vec![error])),
    };
    let response = match limits::in_time(kind, shard.schema.execute_stream(request).next()).await {
        Ok(response) => response,
        Err(refusal) => return Started::refused(refusal),
    };
    match (response, asked.get()) {
        (Some(response), _) if is_request_error(&response) => Started::Failed(response),
        (Some(response), None) => Started::Answered(response),
        (_, Some(topic)) => {
            let Operation { query, operation_name, variables } = operation;
            match Selected::new(document, operation_name.clone(), variables.unwrap_or_default()) {
                Ok(selected) => {
                    let selected = shard.node.selections.keep(&query, operation_name.as_deref(), selected);
                    Started::Subscribed(topic.clone(), selected)
                }
                Err(error) => Started::refused(Refusal::bad_input("query", error.to_string())),
            }
        }
        (None, None) => Started::refused(Refusal::bad_input("query", "nothing to run")),
    }
}

/// A subscription whose document has passed every rule before; whatever is wrong with it goes by all
/// rules again, which say what. What takes too long is not tried again.
async fn start_known(shard: &Shard, viewer: &Viewer, operation: &Operation) -> Option<Started> {
    let selected = shard.node.selections.find(&operation.query, operation.operation_name.as_deref())?;
    let (mut request, asked) = request(viewer, operation);
    let admitted = limits::admit(&mut request, false).ok()?;
    match limits::in_time(admitted.kind, shard.rendering.execute_stream(request).next()).await {
        Ok(None) => Some(Started::Subscribed(asked.get()?.clone(), selected)),
        Ok(Some(_)) => None,
        Err(refusal) => Some(Started::refused(refusal)),
    }
}

/// The request that an operation is, and where it leaves what it subscribes to.
fn request(viewer: &Viewer, operation: &Operation) -> (Request, Arc<OnceLock<Topic>>) {
    let asked: Arc<OnceLock<Topic>> = Arc::default();
    let mut request = Request::new(&operation.query)
        .variables(operation.variables.clone().unwrap_or_default())
        .data(viewer.clone())
        .data(Mode::Subscribe(asked.clone()));
    if let Some(name) = &operation.operation_name {
        request = request.operation_name(name);
    }
    (request, asked)
}

fn is_request_error(response: &Response) -> bool {
    response.is_err() && response.data == async_graphql::Value::Null
}

fn payload(id: &str, response: Response) -> String {
    next(id, &serde_json::to_string(&with_codes(response)).unwrap_or_default())
}

fn error(id: &str, response: Response) -> String {
    let payload = serde_json::to_value(with_codes(response).errors).unwrap_or_default();
    ServerMessage::Error { id, payload }.to_text()
}

fn complete(id: &str) -> String {
    ServerMessage::Complete { id }.to_text()
}
