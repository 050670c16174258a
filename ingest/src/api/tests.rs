//! The published schema, its parts, and what sockets serve of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use async_graphql::{EmptyMutation, EmptySubscription, Object, ObjectType};
use graphql::Viewer;

use super::*;
use crate::features::{GATES, gate};

/// With `UPDATE_EXPECT=1` it writes the file instead.
#[test]
fn the_published_schema_is_the_served_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/api.graphql");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&file, sdl()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), sdl());
}

struct Nothing;

#[Object]
impl Nothing {
    async fn is_empty(&self) -> bool {
        true
    }
}

async fn fields<M: ObjectType + 'static>(mutation: M) -> Vec<String> {
    fields_of(&Schema::build(Nothing, mutation, EmptySubscription).finish(), "mutationType").await
}

async fn fields_of<Q, M>(schema: &Schema<Q, M, EmptySubscription>, root: &str) -> Vec<String>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let response = schema.execute(format!("{{ __schema {{ {root} {{ fields {{ name }} }} }} }}")).await;
    let json = response.data.into_json().unwrap();
    let fields = json["__schema"][root]["fields"].as_array().unwrap();
    fields.iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

/// Merging hides a field that two parts have.
#[tokio::test]
async fn the_root_has_each_field_of_its_parts() {
    let mut parts = [
        fields(Sending).await,
        fields(Deleting).await,
        fields(Editing).await,
        fields(Settings).await,
        fields(Receipts).await,
        fields(Reacting).await,
        fields(Pinning).await,
        fields(Forwarding).await,
        fields(Polling).await,
        fields(Reporting).await,
        fields(Creating).await,
        fields(Membership).await,
        fields(MessageRequests).await,
        fields(Organizing).await,
        fields(Blocking).await,
        fields(Preferences).await,
        fields(Privacy).await,
        fields(Notifications).await,
        fields(Push).await,
        fields(TypingStatus).await,
        fields(Heartbeats).await,
        fields(Templating).await,
        fields(Uploading).await,
        fields(Stickers).await,
        fields(Voice).await,
        fields(Scheduling).await,
        fields(Translating).await,
    ]
    .concat();
    let mut root = fields(Mutation::default()).await;
    parts.sort();
    root.sort();
    assert_eq!(parts, root);
    assert!(ON_SOCKETS.iter().all(|name| root.iter().any(|field| field == name)));
}

#[tokio::test]
async fn each_mutation_has_one_gate() {
    let names: BTreeSet<&str> = GATES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), GATES.len(), "a name stands twice");
    let without: Vec<String> =
        fields(Mutation::default()).await.into_iter().filter(|name| gate(name).is_none()).collect();
    assert_eq!(without, Vec::<String>::new(), "these need a line in GATES");
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).finish();
    let root = [fields(Mutation::default()).await, fields_of(&schema, "queryType").await].concat();
    let made_up: Vec<&str> =
        names.into_iter().filter(|name| root.iter().all(|field| field != name)).collect();
    assert_eq!(made_up, Vec::<&str>::new(), "these are no root fields");
}

fn on_socket(query: &str) -> Result<(), ErrorCode> {
    let mut request = Request::new(query);
    check_on_socket(&mut request).map_err(|_| ErrorCode::Forbidden)
}

#[test]
fn sockets_serve_the_named_mutations_alone() {
    let read = r#"markRead(conversationId: "x", upToMessageId: "x")"#;
    for (query, served) in [
        (format!("mutation {{ {read} }}"), true),
        (format!("mutation {{ a: {read} b: {read} __typename }}"), true),
        ("query { me { id } }".to_owned(), true),
        ("subscription { inbox { cursor } }".to_owned(), true),
        (format!("mutation {{ {read} blockUser(userId: \"x\") }}"), false),
        ("mutation { markRead: blockUser(userId: \"x\") }".to_owned(), false),
        ("mutation { ...F } fragment F on Mutation { blockUser(userId: \"x\") }".to_owned(), false),
        ("mutation { ... on Mutation { blockUser(userId: \"x\") } }".to_owned(), false),
        ("mutation { ...F } fragment F on Mutation { ...F }".to_owned(), true),
        ("query Q { me { id } } mutation M { blockUser(userId: \"x\") }".to_owned(), false),
        ("mutation { madeUp }".to_owned(), false),
    ] {
        assert_eq!(on_socket(&query).is_ok(), served, "{query}");
    }
    let mut named = Request::new("query Q { me { id } } mutation M { blockUser(userId: \"x\") }");
    named.operation_name = Some("Q".to_owned());
    assert!(check_on_socket(&mut named).is_ok());
}

async fn run(request: Request) -> serde_json::Value {
    let run = executor(Schema::build(Query, Mutation::default(), Subscription).finish());
    let response = run(request).next().await.unwrap();
    serde_json::to_value(response).unwrap()
}

#[tokio::test]
async fn the_schema_is_answered_to_those_who_may_read_it_alone() {
    let schema = "{ __schema { queryType { name } } }";
    assert_eq!(run(Request::new(schema)).await["data"]["__schema"], serde_json::Value::Null);
    let asked = run(Request::new(schema).data(Introspection)).await;
    assert_eq!(asked["data"]["__schema"]["queryType"]["name"], "Query");
    let viewer = Viewer::plain("ann".parse().unwrap());
    let other = run(Request::new("{ me { id } }").data(Introspection).data(viewer)).await;
    assert_eq!(other["data"]["me"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_mutation_of_a_socket_is_refused_before_it_runs() {
    let mode = Mode::Subscribe(Arc::new(OnceLock::new()));
    let refused = run(Request::new("mutation { blockUser(userId: \"x\") }").data(mode)).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
}
