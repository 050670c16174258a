//! One operation of a socket: a query or a mutation answered once, or a subscription.
//!
//! Invariants: nothing is parsed that is not within the limits; whatever comes of it, the client is
//! told, in time.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use async_graphql::{Request, Response};
use futures::{FutureExt, StreamExt};
use graphql::error::{internal, server_error, with_codes};
use graphql::live::{Mode, Topic};
use graphql::{Viewer, limits};
use schemas::Refusal;
use tokio::sync::mpsc;

use super::Sockets;
use crate::protocol::{Operation, ServerMessage, next};
use crate::render::Selected;
use crate::subscription::{Outgoing, Subscription};

/// Runs an operation to its end, and says how it ended.
pub async fn run(
    sockets: Sockets,
    viewer: Viewer,
    id: String,
    operation: Operation,
    out: mpsc::Sender<Outgoing>,
) {
    let started = AssertUnwindSafe(start(&sockets, &viewer, operation)).catch_unwind().await;
    // The panic itself is told by the process's hook.
    let started = started.unwrap_or_else(|_| Started::refused(internal(&"an operation panicked")));
    let texts = match started {
        Started::Answered(response) => vec![payload(&id, response), complete(&id)],
        Started::Failed(response) => vec![error(&id, response)],
        Started::Subscribed(topic, selected) => {
            let Sockets { node, schema, .. } = sockets;
            let subscription =
                Subscription { node, schema, viewer, operation: id, selected, topic, out: out.clone() };
            // It ends by itself only with the socket, which it has told why.
            subscription.run().await;
            return;
        }
    };
    for text in texts {
        if out.send(Outgoing::Text(text)).await.is_err() {
            return;
        }
    }
}

enum Started {
    Answered(Response),
    /// It was not run at all, or was refused as a subscription.
    Failed(Response),
    Subscribed(Topic, Selected),
}

impl Started {
    fn refused(refusal: Refusal) -> Self {
        Self::Failed(Response::from_errors(vec![server_error(refusal)]))
    }
}

async fn start(sockets: &Sockets, viewer: &Viewer, operation: Operation) -> Started {
    let variables = operation.variables.unwrap_or_default();
    let asked: Arc<OnceLock<Topic>> = Arc::default();
    let mut request = Request::new(operation.query)
        .variables(variables.clone())
        .data(viewer.clone())
        .data(Mode::Subscribe(asked.clone()));
    if let Some(name) = &operation.operation_name {
        request = request.operation_name(name);
    }
    let admitted = limits::admit(&mut request, false);
    let parsed = admitted.and_then(|admitted| Ok((admitted.kind, request.parsed_query()?.clone())));
    let (kind, document) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Started::Failed(Response::from_errors(vec![error])),
    };
    let response = match limits::in_time(kind, sockets.schema.execute_stream(request).next()).await {
        Ok(response) => response,
        Err(refusal) => return Started::refused(refusal),
    };
    match (response, asked.get()) {
        (Some(response), _) if is_request_error(&response) => Started::Failed(response),
        (Some(response), None) => Started::Answered(response),
        (_, Some(topic)) => match Selected::new(document, operation.operation_name, variables) {
            Ok(selected) => Started::Subscribed(topic.clone(), selected),
            Err(error) => Started::refused(Refusal::bad_input("query", error.to_string())),
        },
        (None, None) => Started::refused(Refusal::bad_input("query", "nothing to run")),
    }
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
