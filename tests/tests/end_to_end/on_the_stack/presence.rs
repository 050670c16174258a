//! Presence: who has a heartbeat is there, for those who may see it, until the last socket closes.

use std::time::Duration;

use musclemap_tests::acts::{HEARTBEAT, heartbeat, people, presence, set_block, set_privacy};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::Instant;

/// A device that only falls silent is there for so long.
const SILENT: Duration = Duration::from_secs(60);
const WATCH: &str = "subscription($u: [ID!]!) { userPresence(userIds: $u) { userId status lastSeen } }";

async fn shown(viewer: &Client, of: &Client) -> Value {
    let query = "query($u: ID!) { user(id: $u) { presence { status } } }";
    viewer.get(query, json!({ "u": of.user })).await["user"]["presence"].take()
}

/// A socket on which a subscription to the presence of a user is live.
async fn watches(server: &System, viewer: &Client, of: &Client) -> Socket {
    let mut socket = Socket::connect(server, viewer).await;
    socket.subscribe("presence", WATCH, json!({ "u": [of.user] })).await;
    // The answer to a later operation of the socket says that it is live.
    socket.subscribe("own", "{ me { id } }", json!({})).await;
    socket.next_of("own").await;
    socket
}

#[tokio::test]
async fn who_has_a_heartbeat_is_there_until_the_last_socket_closes() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    ann.create("DIRECT", &[&bob]).await;
    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    let mut inbox = Socket::connect(&server, &ann).await;
    inbox.inbox(None).await;
    let mut watching = watches(&server, &eve, &bob).await;
    let offline = json!({ "userId": bob.user, "status": "OFFLINE", "lastSeen": null });
    assert_eq!(presence(&ann, &bob).await, offline);

    let mut socket = Socket::connect(&server, &bob).await;
    for id in ["one", "two"] {
        socket.subscribe(id, HEARTBEAT, json!({})).await;
        assert_eq!(socket.next_of(id).await["heartbeat"], true);
    }
    for told in [inbox.presence().await, watching.next_of("presence").await["userPresence"].take()] {
        assert_eq!((&told["userId"], &told["status"]), (&json!(bob.user), &json!("ONLINE")), "{told}");
    }
    assert_eq!(presence(&ann, &bob).await["status"], "ONLINE");
    assert_eq!(shown(&eve, &bob).await["status"], "ONLINE");
    let began = Instant::now();
    drop(socket);
    for told in [inbox.presence().await, watching.next_of("presence").await["userPresence"].take()] {
        assert_eq!(told["status"], "OFFLINE", "the repeat was not delivered");
        assert!(told["lastSeen"].is_string(), "{told}");
    }
    assert!(began.elapsed() < SILENT, "{:?}", began.elapsed());
    assert_eq!(presence(&ann, &bob).await["status"], "OFFLINE");
}

#[tokio::test]
async fn settings_and_blocks_hide_who_is_there_at_once() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    ann.create("DIRECT", &[&bob]).await;
    let mut inbox = Socket::connect(&server, &ann).await;
    inbox.inbox(None).await;
    heartbeat(&bob).await;
    let hidden = json!({ "userId": bob.user, "status": "OFFLINE", "lastSeen": null });
    assert_eq!(presence(&ann, &bob).await, hidden, "she does not follow him");
    assert!(shown(&ann, &bob).await.is_null());
    assert_eq!(presence(&bob, &bob).await["status"], "ONLINE", "his own");

    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    assert_eq!(inbox.presence().await["status"], "ONLINE");
    let mut late = watches(&server, &eve, &bob).await;
    set_privacy(&bob, json!({ "appearOffline": true })).await;
    assert_eq!(inbox.presence().await, hidden);
    assert_eq!(
        late.next_of("presence").await["userPresence"],
        hidden,
        "a watcher who subscribed later is notified too"
    );
    assert_eq!(presence(&ann, &bob).await, hidden);
    set_privacy(&bob, json!({ "appearOffline": false })).await;
    assert_eq!(inbox.presence().await["status"], "ONLINE");
    set_privacy(&bob, json!({ "showOnlineStatus": "NO_ONE" })).await;
    assert_eq!(inbox.presence().await, hidden);
    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    assert_eq!(inbox.presence().await["status"], "ONLINE");
    set_block(&ann, &bob, true).await;
    assert_eq!(inbox.presence().await, hidden);
    assert_eq!(presence(&ann, &bob).await, hidden, "whom she blocks");
    heartbeat(&ann).await;
    set_privacy(&ann, json!({ "showOnlineStatus": "EVERYONE" })).await;
    assert_eq!(presence(&bob, &ann).await["status"], "OFFLINE", "and she from him");
    set_block(&ann, &bob, false).await;
    assert_eq!(inbox.presence().await["status"], "ONLINE");
    assert_eq!(presence(&bob, &ann).await["status"], "ONLINE");
}

#[tokio::test]
async fn a_request_names_a_thousand_users_at_most() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    let others = (1..1_001).map(|number| format!("u{number}"));
    let ids: Vec<String> = [bob.user.clone()].into_iter().chain(others).collect();
    let query = "query($u: [ID!]!) { presence(userIds: $u) { status } }";
    let refused = ann.ask(query, json!({ "u": ids })).await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"));
    let all = ann.get(query, json!({ "u": ids[..1_000] })).await;
    let all = all["presence"].as_array().unwrap();
    assert!(all.len() == 1_000 && all.iter().all(|one| one["status"] == "OFFLINE"));
    let mut socket = Socket::connect(&server, &ann).await;
    let mut watching = vec!["one", "two", "three"];
    for id in &watching {
        socket.subscribe(id, WATCH, json!({ "u": ids[..1_000] })).await;
    }
    // They begin at the same time: which of them is the third is open.
    let refused = socket.hear().await.unwrap();
    assert_eq!(refused["type"], "error", "{refused}");
    watching.retain(|id| refused["id"] != *id);
    watching.sort_unstable();
    assert_eq!(refused["payload"][0]["extensions"]["code"], "LIMIT_REACHED");
    heartbeat(&bob).await;
    let mut told = vec![];
    for _ in 0..2 {
        let message = socket.hear().await.unwrap();
        assert_eq!(message["payload"]["data"]["userPresence"]["status"], "ONLINE", "{message}");
        told.push(message["id"].clone());
    }
    told.sort_by_key(Value::to_string);
    assert_eq!(told, watching, "each of the two that watch him");
}
