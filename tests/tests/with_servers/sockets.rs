//! A client of sockets that shares no code with the system: `tests/foreign/sockets`, on the npm package
//! graphql-ws, as a browser's app would use it.

use std::path::Path;

use musclemap_tests::{Client, System};
use serde_json::{Value, json};

use crate::{npm, python};

/// What `client.mjs` says when all is as the protocol has it.
fn expected() -> Value {
    json!({
        "inbox": {
            "opened": ["Drained 0"],
            "live": ["MessageCreated heard live"],
            "asked": { "data": { "me": { "username": "bob" } }, "extensions": { "cost": 2 } },
            "answered": true,
            "openedAgain": ["MessageCreated while not subscribed", "Drained 1"],
            "closedBefore": [],
            "resumed": ["MessageCreated while away, first", "MessageCreated while away, second", "Drained 2"],
            "liveAgain": ["MessageCreated heard live again"],
            // What each brought as a cursor.
            "pings": ["string", "string"],
            "resumedFromPing": ["MessageCreated after a quiet time", "Drained 1"],
            // Cut by the client itself, so without a code.
            "closed": [1006, 1006],
        },
        "closed": {
            "operationBeforeInit": "4401 Unauthorized",
            "badToken": "4403 Forbidden",
            "noInit": "4408 Connection initialisation timeout",
            "idTaken": "4409 Subscriber already exists",
            "secondInit": "4429 Too many initialisation requests",
            "unansweredPing": "4902 No pong: reconnect and resume",
        },
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn graphql_ws_follows_an_inbox_resumes_and_sees_why_sockets_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let (ann, bob) = (Client::login(&system, "ann").await, Client::login(&system, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    let (api, sockets) = (system.url("/graphql"), system.socket_url());
    let variables = [
        ("MM_API", api.as_str()),
        ("MM_SOCKETS", &sockets),
        ("MM_SENDER", &ann.token),
        ("MM_READER", &bob.token),
        ("MM_CONVERSATION", &chat),
    ];
    let scripts = Path::new(python::FOREIGN).join("sockets");
    let said = tokio::task::block_in_place(|| npm::script(&scripts, "client.mjs", &variables));
    let saw: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(saw, expected());
}
