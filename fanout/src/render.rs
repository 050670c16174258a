//! Rendering: a payload is executed and encoded once per (event, selection), for all who share it.
//!
//! Invariants: a rendering that has asked for its viewer is given to that viewer alone; one that
//! failed, for a reason that may pass, is given to nobody.

mod body;
mod selections;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType, Selection};
use async_graphql::{Name, Request, Response, Value, Variables};
use futures::{FutureExt, StreamExt};
use graphql::live::{CURSOR_PLACEHOLDER, Live, Mode, ViewerAsked};
use graphql::{RenderingSchema, Viewer};
use schemas::ErrorCode;
use schemas::position::Offset;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::event::Event;
use crate::lanes::Lane;
use crate::metrics;
use crate::once::Once;

pub use body::{Body, Shared};
pub use selections::Selections;

/// What a subscription selects, in the form in which it is shared.
pub struct Selected {
    /// Same key, same rendering: the root field's selection and the variables used inside it.
    pub key: u128,
    /// Whether no variable is used inside it.
    is_closed: bool,
    /// What was last rendered to say that so many events were replayed: many who come at once have missed
    /// as much.
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

/// Renderings of recent events, for all whose selections are alike.
pub type Renderings = Once<Key, Rendering, Failed>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    lane: Lane,
    offset: Offset,
    selection: u128,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendering {
    Shared(Arc<Payload>),
    /// Each viewer has their own.
    Private,
}

impl Rendering {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Shared(payload) => payload.0.iter().map(|part| part.len()).sum(),
            Self::Private => 0,
        }
    }
}

/// A payload as it was rendered for an event.
pub struct Rendered {
    pub payload: Arc<Payload>,
    /// Whether it is the same for all who select the same.
    pub is_shared: bool,
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

    /// What an event's rendering is kept under.
    pub fn key_of(&self, event: &Event) -> Key {
        Key { lane: event.lane, offset: event.offset, selection: self.key }
    }

    /// An event's payload for a viewer; executed once per selection where it is shared.
    pub async fn render_event(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        (event, live): (&Event, &Arc<Live>),
        renderings: &Renderings,
    ) -> Result<Rendered, Failed> {
        let mut own = None;
        let execute = async || {
            let (payload, is_private) = self.execute(schema, viewer, live).await?;
            own = Some(payload.clone());
            Ok(if is_private { Rendering::Private } else { Rendering::Shared(payload) })
        };
        let made = renderings.get_or_make(self.key_of(event), execute);
        let (payload, is_shared) = match (made.await?, own) {
            (Rendering::Shared(payload), _) => (payload, true),
            (Rendering::Private, Some(payload)) => (payload, false),
            (Rendering::Private, None) => (self.render(schema, viewer, live).await?, false),
        };
        Ok(Rendered { payload, is_shared })
    }

    /// An event's payload for a viewer, if it is kept or nothing has to be read for it. Of those who ask
    /// for it at once, on several threads, one executes it.
    pub fn render_event_now(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        (event, live): (&Event, &Arc<Live>),
        renderings: &Renderings,
    ) -> Option<Result<Rendered, Failed>> {
        let render = || self.render_event(schema, viewer, (event, live), renderings).now_or_never();
        renderings.alone(self.key_of(event), render)
    }

    /// A payload for a viewer alone.
    pub async fn render(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        live: &Arc<Live>,
    ) -> Result<Arc<Payload>, Failed> {
        self.execute(schema, viewer, live).await.map(|(payload, _)| payload)
    }

    /// The payload that says that what was missed has been sent.
    pub async fn render_drained(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        replayed: i32,
    ) -> Result<Arc<Payload>, Failed> {
        let last = || self.drained.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, payload)) = last().as_ref().filter(|(of, _)| *of == replayed) {
            return Ok(payload.clone());
        }
        let (payload, is_private) =
            self.execute(schema, viewer, &Arc::new(Live::Drained { replayed })).await?;
        if !is_private {
            *last() = Some((replayed, payload.clone()));
        }
        Ok(payload)
    }

    /// The payload, and whether it has asked for its viewer.
    async fn execute(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        live: &Arc<Live>,
    ) -> Result<(Arc<Payload>, bool), Failed> {
        let asked = ViewerAsked::default();
        let mut request = Request::new("")
            .variables(self.variables.clone())
            .data(Mode::Render(live.clone()))
            .data(viewer.clone())
            .data(asked.clone());
        request.set_parsed_query(self.document.clone());
        if let Some(operation) = &self.operation {
            request = request.operation_name(operation);
        }
        // A panic is told by the process's hook; it costs those for whom this was, not their shard.
        let response = AssertUnwindSafe(schema.execute_stream(request).next()).catch_unwind().await;
        let response = response.map_err(|_| Failed("a rendering panicked".to_owned()))?;
        let response = response.ok_or_else(|| Failed("no payload".to_owned()))?;
        check(&response)?;
        let json = serde_json::to_string(&response).map_err(|error| Failed(error.to_string()))?;
        let placeholder = serde_json::Value::from(CURSOR_PLACEHOLDER).to_string();
        let payload = Payload(json.split(&placeholder).map(Box::from).collect());
        metrics::renderings(asked.was_asked()).inc();
        Ok((Arc::new(payload), asked.was_asked()))
    }
}

/// A hash that nobody outside can aim at: renderings are found by what clients have written.
fn secret_hash(text: &str) -> u128 {
    static KEYED: LazyLock<SipHasher24> = LazyLock::new(|| SipHasher24::new_with_key(&rand::random()));
    let mut hasher = *KEYED;
    hasher.write(text.as_bytes());
    hasher.finish128().as_u128()
}

/// Errors that will not pass are the client's to see, with whatever else there is.
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
mod tests;
