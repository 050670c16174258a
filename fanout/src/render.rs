//! Rendering: a payload is executed and encoded once per (event, selection), for all who share it.
//!
//! Invariant: a rendering that has asked for its viewer is given to that viewer alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Request, Value, Variables};
use async_graphql_value::Value as Literal;
use futures::StreamExt;
use graphql::live::{CURSOR_PLACEHOLDER, Live, Mode, ViewerAsked};
use graphql::{ApiSchema, Viewer};
use tokio::sync::OnceCell;
use xxhash_rust::xxh3::xxh3_128;

/// What a subscription selects, in the form in which it is shared.
#[derive(Clone)]
pub struct Selected {
    /// Same key, same rendering: the root field's selection and the variables used inside it.
    key: u128,
    document: ExecutableDocument,
    operation: Option<String>,
    variables: Variables,
}

/// A payload, cut where the socket's cursor goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload(Vec<String>);

impl Payload {
    /// The payload as one socket gets it.
    pub fn with_cursor(&self, cursor: Option<&str>) -> String {
        let cursor = cursor.map_or_else(|| "null".to_owned(), |cursor| format!("\"{cursor}\""));
        self.0.join(&cursor)
    }
}

#[derive(Clone)]
enum Rendering {
    Shared(Arc<Payload>),
    Private,
}

/// The renderings of one event.
#[derive(Default)]
pub struct Renderings(Mutex<HashMap<u128, Arc<OnceCell<Rendering>>>>);

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
            (DocumentOperations::Multiple(_), None) => None,
        };
        let definition =
            definition.filter(|op| op.node.ty == OperationType::Subscription).ok_or(NotOneField)?;
        let [only] = definition.node.selection_set.node.items.as_slice() else { return Err(NotOneField) };
        let Selection::Field(root) = &only.node else { return Err(NotOneField) };
        let mut used = BTreeSet::new();
        let shape = shape(&document, &root.node, &mut used);
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
        let key = xxh3_128(format!("{shape}\0{}", inner.join("\0")).as_bytes());
        Ok(Self { key, document, operation, variables })
    }

    /// The event's payload for a viewer; executed at most once per selection where it is shared.
    pub async fn render(
        &self,
        schema: &ApiSchema,
        viewer: &Viewer,
        live: &Arc<Live>,
        renderings: Option<&Renderings>,
    ) -> Arc<Payload> {
        let Some(renderings) = renderings else { return self.execute(schema, viewer, live).await.0 };
        let cell = {
            let mut cells = renderings.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(self.key).or_default().clone()
        };
        let mut own = None;
        let rendering = cell
            .get_or_init(|| async {
                let (payload, private) = self.execute(schema, viewer, live).await;
                own = Some(payload.clone());
                if private { Rendering::Private } else { Rendering::Shared(payload) }
            })
            .await
            .clone();
        match (rendering, own) {
            (Rendering::Shared(payload), _) | (Rendering::Private, Some(payload)) => payload,
            (Rendering::Private, None) => self.execute(schema, viewer, live).await.0,
        }
    }

    async fn execute(&self, schema: &ApiSchema, viewer: &Viewer, live: &Arc<Live>) -> (Arc<Payload>, bool) {
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
        let response = schema.execute_stream(request).next().await;
        let json = response.and_then(|response| serde_json::to_string(&response).ok());
        let json = json.unwrap_or_else(|| r#"{"data":null}"#.to_owned());
        let placeholder = serde_json::Value::from(CURSOR_PLACEHOLDER).to_string();
        let payload = Payload(json.split(&placeholder).map(str::to_owned).collect());
        (Arc::new(payload), asked.was_asked())
    }
}

/// A text that is equal for equal selections: fields with arguments and directives, fragments spelled
/// out, the root field's own arguments left out. Collects the variables that occur in it.
fn shape(document: &ExecutableDocument, root: &Field, used: &mut BTreeSet<String>) -> String {
    let mut text = root.response_key().node.to_string() + ":" + &root.name.node;
    directives(&root.directives, &mut text, used);
    selection(document, &root.selection_set.node, &mut text, used);
    text
}

fn selection(
    document: &ExecutableDocument,
    set: &SelectionSet,
    text: &mut String,
    used: &mut BTreeSet<String>,
) {
    text.push('{');
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => {
                text.push_str(&field.node.response_key().node);
                text.push(':');
                text.push_str(&field.node.name.node);
                for (name, value) in &field.node.arguments {
                    text.push_str(&format!("({}={})", name.node, value.node));
                    variables(&value.node, used);
                }
                directives(&field.node.directives, text, used);
                if !field.node.selection_set.node.items.is_empty() {
                    selection(document, &field.node.selection_set.node, text, used);
                }
            }
            Selection::InlineFragment(fragment) => {
                text.push_str(&format!(
                    "...{:?}",
                    fragment.node.type_condition.as_ref().map(|on| &on.node.on.node)
                ));
                directives(&fragment.node.directives, text, used);
                selection(document, &fragment.node.selection_set.node, text, used);
            }
            Selection::FragmentSpread(spread) => {
                directives(&spread.node.directives, text, used);
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    text.push_str(&format!("...{}", fragment.node.type_condition.node.on.node));
                    selection(document, &fragment.node.selection_set.node, text, used);
                }
            }
        }
        text.push(' ');
    }
    text.push('}');
}

fn directives(
    directives: &[async_graphql::Positioned<async_graphql::parser::types::Directive>],
    text: &mut String,
    used: &mut BTreeSet<String>,
) {
    for directive in directives {
        text.push_str(&format!("@{}", directive.node.name.node));
        for (name, value) in &directive.node.arguments {
            text.push_str(&format!("({}={})", name.node, value.node));
            variables(&value.node, used);
        }
    }
}

fn variables(value: &Literal, used: &mut BTreeSet<String>) {
    match value {
        Literal::Variable(name) => {
            used.insert(name.to_string());
        }
        Literal::List(items) => items.iter().for_each(|item| variables(item, used)),
        Literal::Object(fields) => fields.values().for_each(|field| variables(field, used)),
        _ => {}
    }
}
