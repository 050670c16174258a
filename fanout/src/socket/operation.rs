//! One operation of a socket: a query or a mutation answered once, or a subscription.

use std::sync::{Arc, OnceLock};

use async_graphql::parser::parse_query;
use async_graphql::{Request, Response};
use futures::StreamExt;
use graphql::Viewer;
use graphql::live::{Mode, Topic};
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
    let texts = match start(&sockets, &viewer, &operation).await {
        Ok(Started::Answered(response)) => vec![payload(&id, &response), complete(&id)],
        Ok(Started::Subscribed(topic, selected)) => {
            let Sockets { node, schema, .. } = sockets;
            let subscription =
                Subscription { node, schema, viewer, operation: id, selected, topic, out: out.clone() };
            // It ends by itself only with the socket, which it has told why.
            subscription.run().await;
            return;
        }
        Err(errors) => vec![ServerMessage::Error { id: &id, payload: errors }.to_text()],
    };
    for text in texts {
        if out.send(Outgoing::Text(text)).await.is_err() {
            return;
        }
    }
}

enum Started {
    Answered(Response),
    Subscribed(Topic, Selected),
}

async fn start(
    sockets: &Sockets,
    viewer: &Viewer,
    operation: &Operation,
) -> Result<Started, serde_json::Value> {
    let variables = operation.variables.clone().unwrap_or_default();
    let asked: Arc<OnceLock<Topic>> = Arc::default();
    let mut request = Request::new(&operation.query)
        .variables(variables.clone())
        .data(viewer.clone())
        .data(Mode::Subscribe(asked.clone()));
    if let Some(name) = &operation.operation_name {
        request = request.operation_name(name);
    }
    let response = sockets.schema.execute_stream(request).next().await;
    let failed = |response: &Response| serde_json::to_value(&response.errors).unwrap_or_default();
    match (response, asked.get()) {
        (Some(response), _) if is_request_error(&response) => Err(failed(&response)),
        (Some(response), None) => Ok(Started::Answered(response)),
        (_, Some(topic)) => {
            let refused =
                |error: &dyn std::fmt::Display| serde_json::json!([{ "message": error.to_string() }]);
            let document = parse_query(&operation.query).map_err(|error| refused(&error))?;
            let selected = Selected::new(document, operation.operation_name.clone(), variables)
                .map_err(|error| refused(&error))?;
            Ok(Started::Subscribed(topic.clone(), selected))
        }
        (None, None) => Err(serde_json::json!([{ "message": "nothing to run" }])),
    }
}

/// Whether the operation was not run at all, or was refused as a subscription.
fn is_request_error(response: &Response) -> bool {
    response.is_err() && response.data == async_graphql::Value::Null
}

fn payload(id: &str, response: &Response) -> String {
    next(id, &serde_json::to_string(response).unwrap_or_default())
}

fn complete(id: &str) -> String {
    ServerMessage::Complete { id }.to_text()
}
