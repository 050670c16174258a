//! One operation of a socket: a query or a mutation answered once, or a subscription.
//!
//! Invariants: nothing is executed that is not admitted; every operation ends with an answer, in time.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use async_graphql::{Request, Response};
use domain::presence::Reached;
use futures::{FutureExt, StreamExt};
use graphql::deadline::in_bounds;
use graphql::error::{internal, server_error, with_codes};
use graphql::limits::{Asker, Execution};
use graphql::live::{Filter, Mode};
use graphql::{Viewer, unpaired};
use schemas::Refusal;

use super::connection::{Connection, OperationNumber};
use super::frames;
use crate::protocol::{Operation, ServerMessage, next};
use crate::render::Selected;
use crate::shard::Shard;
use crate::subscription;

/// Runs an operation to its end and sends its answer; a subscription until it is live.
pub async fn run(
    connection: Rc<Connection>,
    (viewer, device): (Viewer, Reached),
    (number, name): (OperationNumber, String),
    operation: Operation,
) {
    connection.shard.turn_to_start().await;
    let asker = Asker { user: Some(&viewer.user), peer: connection.holds.peer };
    let limits = &connection.shard.limits;
    let execution = limits.attempt(asker, 1).and_then(|()| limits.begin(asker.user));
    let started = match &execution {
        Ok(execution) => {
            let start =
                Start { shard: &connection.shard, viewer: &viewer, device: &device, asker, execution };
            let started = AssertUnwindSafe(start.run(operation)).catch_unwind().await;
            // The process's hook logs the panic.
            started.unwrap_or_else(|_| Started::refused(internal(&"an operation panicked")))
        }
        Err(refusal) => Started::refused(refusal.clone()),
    };
    let texts = match started {
        Started::Answered(response) => {
            [payload(&name, response), complete(&name)].map(|text| frames::text(&text)).concat()
        }
        Started::Failed(response) => frames::text(&error(&name, response)),
        Started::Subscribed(filter, selected) => {
            let named = (number, name.clone());
            drop(execution);
            match subscription::start(connection.clone(), viewer, named, filter, selected).await {
                Ok(()) => return,
                Err(refusal) => {
                    frames::text(&error(&name, Response::from_errors(vec![server_error(refusal)])))
                }
            }
        }
    };
    // A socket that has closed needs no answer.
    let _ = connection.send(&texts).await;
    // Its execution lasts until its client has read all but a little of it.
    let _ = connection.outbox.room().await;
    connection.ended(number);
}

enum Started {
    Answered(Response),
    /// It was not run at all, or was refused as a subscription.
    Failed(Response),
    Subscribed(Filter, Arc<Selected>),
}

impl Started {
    fn refused(refusal: Refusal) -> Self {
        Self::Failed(Response::from_errors(vec![server_error(refusal)]))
    }
}

/// What an operation starts with.
#[derive(Clone, Copy)]
struct Start<'a> {
    shard: &'a Shard,
    viewer: &'a Viewer,
    device: &'a Reached,
    asker: Asker<'a>,
    execution: &'a Arc<Execution>,
}

impl Start<'_> {
    async fn run(self, operation: Operation) -> Started {
        if let Some(field) = &operation.unpaired {
            return Started::refused(unpaired::refusal(field));
        }
        if let Some(started) = self.run_known(&operation).await {
            return started;
        }
        let Self { shard, viewer, device, asker, execution } = self;
        let (request, asked) = request(viewer, &operation);
        let mut request = request.data(execution.clone()).data(device.clone());
        let admitted = shard.limits.admit(&shard.admission, &mut request, asker);
        let parsed = admitted.and_then(|admitted| {
            let document = request.parsed_query().map_err(|error| vec![error])?.clone();
            Ok((admitted.kind, document, request.variables.clone()))
        });
        let (kind, document, variables) = match parsed {
            Ok(parsed) => parsed,
            Err(errors) => return Started::Failed(Response::from_errors(errors)),
        };
        let response = match in_bounds(kind, execution, (shard.executor)(request).next()).await {
            Ok(response) => response,
            Err(refusal) => return Started::refused(refusal),
        };
        match (response, asked.get()) {
            (Some(response), _) if is_request_error(&response) => Started::Failed(response),
            (Some(response), None) => Started::Answered(response),
            (_, Some(filter)) => {
                let Operation { query, operation_name, .. } = operation;
                match Selected::new(document, operation_name.clone(), variables) {
                    Ok(selected) => {
                        let selected =
                            shard.node.selections.keep(&query, operation_name.as_deref(), selected);
                        Started::Subscribed(filter.clone(), selected)
                    }
                    Err(error) => Started::refused(Refusal::bad_input("query", error.to_string())),
                }
            }
            (None, None) => Started::refused(Refusal::bad_input("query", "nothing to run")),
        }
    }

    /// Starts a subscription whose document is known to be valid. An error of its arguments is found again, and
    /// reported, on the way of unknown documents. What takes too long is not tried again.
    async fn run_known(self, operation: &Operation) -> Option<Started> {
        let Self { shard, viewer, asker, execution, .. } = self;
        let selected = shard.node.selections.find(&operation.query, operation.operation_name.as_deref())?;
        let (mut request, asked) = request(viewer, operation);
        let admitted = match shard.limits.admit(&shard.admission, &mut request, asker) {
            Ok(admitted) => admitted,
            Err(errors) => return Some(Started::Failed(Response::from_errors(errors))),
        };
        match in_bounds(admitted.kind, execution, shard.rendering.execute_stream(request).next()).await {
            Ok(None) => Some(Started::Subscribed(asked.get()?.clone(), selected)),
            Ok(Some(_)) => None,
            Err(refusal) => Some(Started::refused(refusal)),
        }
    }
}

/// The request that an operation is, and the place where it leaves its filter.
fn request(viewer: &Viewer, operation: &Operation) -> (Request, Arc<OnceLock<Filter>>) {
    let asked: Arc<OnceLock<Filter>> = Arc::default();
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
