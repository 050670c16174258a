//! Rendering: a payload is executed and encoded once for each (event, selection, answers), for all who
//! share it.
//!
//! Invariants: the data of an execution holds no viewer but a sealed one, and opening that makes the
//! rendering the viewer's own; a rendering that failed for a reason that may pass is not used.

mod body;
mod classes;
mod renderings;
mod selections;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, Mutex};

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection};
use async_graphql::{Name, Request, Response, Value, Variables};
use futures::{FutureExt, StreamExt};
use graphql::live::{self, CURSOR_PLACEHOLDER, Delivery, Mode, Sealed};
use graphql::{RenderingSchema, Viewer};
use platform::lock::locked;
use schemas::ErrorCode;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::metrics;

pub use body::{Body, Shared};
pub use renderings::{Key, Rendered, Renderings, Target};
pub use selections::Selections;

/// What a subscription selects, in the form in which it is shared.
pub struct Selected {
    /// Same key, same rendering: the root field's selection and the variables used inside it.
    pub key: u128,
    /// Whether no variable is used inside it.
    is_closed: bool,
    /// The last rendering of a count of replayed events: clients that return together have often missed as
    /// many.
    drained: Mutex<Option<(i32, Arc<Payload>)>>,
    document: ExecutableDocument,
    operation: Option<String>,
    variables: Variables,
}

/// A payload, cut where the socket's cursor goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Vec<Box<str>>);

impl Payload {
    /// What stands between the places where the cursor goes; a single part has none.
    pub fn parts(&self) -> &[Box<str>] {
        &self.0
    }
}

/// A payload could not be rendered now; later it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not rendered: {0}")]
pub struct Failed(String);

/// A subscription operation has not exactly one root field.
#[derive(Debug, thiserror::Error)]
#[error("a subscription selects exactly one field")]
pub struct NotOneField;

impl Selected {
    /// The selection of the document's subscription.
    pub fn new(
        document: ExecutableDocument,
        operation: Option<String>,
        variables: Variables,
    ) -> Result<Self, NotOneField> {
        let definition = match (&document.operations, &operation) {
            (DocumentOperations::Single(single), _) => Some(single),
            (DocumentOperations::Multiple(many), Some(name)) => many.get(&Name::new(name)),
            // A name is needed only to choose.
            (DocumentOperations::Multiple(many), None) => many.values().next().filter(|_| many.len() == 1),
        };
        let definition =
            definition.filter(|op| op.node.ty == OperationType::Subscription).ok_or(NotOneField)?;
        let [only] = definition.node.selection_set.node.items.as_slice() else { return Err(NotOneField) };
        let Selection::Field(root) = &only.node else { return Err(NotOneField) };
        let mut used = BTreeSet::new();
        let shape = shape::shape(&document, &root.node, &mut used);
        let defaults = definition.node.variable_definitions.iter().map(|variable| {
            let default = variable.node.default_value.as_ref().map(|value| value.node.to_string());
            (variable.node.name.node.to_string(), default)
        });
        let defaults: BTreeMap<String, Option<String>> = defaults.collect();
        let inner: Vec<String> = used
            .iter()
            .map(|name| {
                let given = variables.get(&Name::new(name)).map(Value::to_string);
                format!("{name}={:?}", given.or_else(|| defaults.get(name).cloned().flatten()))
            })
            .collect();
        let key = secret_hash(&format!("{shape}\0{}", inner.join("\0")));
        Ok(Self {
            key,
            is_closed: used.is_empty(),
            drained: Mutex::default(),
            document,
            operation,
            variables,
        })
    }

    /// The payload that says how many events were replayed.
    pub async fn render_drained(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        replayed: i32,
    ) -> Result<Arc<Payload>, Failed> {
        let last = || locked(&self.drained);
        let same =
            last().as_ref().filter(|(count, _)| *count == replayed).map(|(_, payload)| payload.clone());
        if let Some(same) = same {
            return Ok(same);
        }
        let drained = live::Rendering {
            delivery: Arc::new(Delivery::Drained { replayed }),
            answers: Default::default(),
        };
        let (payload, is_private) = self.execute(schema, viewer, drained).await?;
        if !is_private {
            *last() = Some((replayed, payload.clone()));
        }
        Ok(payload)
    }

    /// Executes the selection; says whether the payload is the viewer's own.
    async fn execute(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        rendering: live::Rendering,
    ) -> Result<(Arc<Payload>, bool), Failed> {
        let sealed = Sealed::new(viewer.clone());
        let mut request = Request::new("")
            .variables(self.variables.clone())
            .data(Mode::Render(rendering))
            .data(sealed.clone());
        request.set_parsed_query(self.document.clone());
        if let Some(operation) = &self.operation {
            request = request.operation_name(operation);
        }
        // The process's hook logs a panic; it costs the viewers of this rendering, not their shard.
        let response = AssertUnwindSafe(schema.execute_stream(request).next()).catch_unwind().await;
        let response = response.map_err(|_| Failed("a rendering panicked".to_owned()))?;
        let response = response.ok_or_else(|| Failed("no payload".to_owned()))?;
        check(&response)?;
        let json = serde_json::to_string(&response).map_err(|error| Failed(error.to_string()))?;
        let placeholder = serde_json::Value::from(CURSOR_PLACEHOLDER).to_string();
        let payload = Payload(json.split(&placeholder).map(Box::from).collect());
        metrics::renderings(sealed.was_opened()).inc();
        Ok((Arc::new(payload), sealed.was_opened()))
    }
}

/// A hash under a secret key: clients choose the texts by which renderings are found.
fn secret_hash(text: &str) -> u128 {
    static KEYED: LazyLock<SipHasher24> = LazyLock::new(|| SipHasher24::new_with_key(&rand::random()));
    let mut hasher = *KEYED;
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

/// Errors that will not pass go to the client, beside the rest of the payload.
fn check(response: &Response) -> Result<(), Failed> {
    let passing = [ErrorCode::Unavailable, ErrorCode::InternalServerError].map(ErrorCode::as_str);
    for error in &response.errors {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        if passing.iter().any(|passing| code == Some(&Value::from(*passing))) {
            return Err(Failed(error.message.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
