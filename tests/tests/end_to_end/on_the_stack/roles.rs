//! Roles of a group: who may do what, and how a group changes hands.

use musclemap_tests::acts::{add, delete, leave, people, remove, rename, set_role, update};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

async fn roles(client: &Client, chat: &str) -> Value {
    let query =
        "query($c: ID!) { conversation(id: $c) { participants { nodes { user { username } role } } } }";
    let mut data = client.get(query, json!({ "c": chat })).await;
    let nodes = data["conversation"]["participants"]["nodes"].take();
    let role = |node: &Value| {
        (node["user"]["username"].as_str().expect("a role by name").to_owned(), node["role"].clone())
    };
    nodes.as_array().expect("a role by name").iter().map(role).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn moderators_manage_a_group_and_the_owner_appoints_them() {
    let server = System::start().await;
    let [ann, bob, carl, dan] = people(&server, ["ann", "bob", "carl", "dan"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut socket = Socket::connect(&server, &carl).await;
    let query = "subscription { conversationUpdated { id viewer { role } } }";
    socket.subscribe("roles", query, json!({})).await;
    socket.inbox(None).await;
    assert_eq!(code(&set_role(&bob, &chat, &carl, "MODERATOR").await), Some("FORBIDDEN"));
    assert_eq!(code(&set_role(&dan, &chat, &carl, "MODERATOR").await), Some("NOT_FOUND"));
    assert_eq!(code(&set_role(&ann, &chat, &dan, "MODERATOR").await), Some("NOT_FOUND"));
    assert_eq!(code(&set_role(&ann, &chat, &ann, "MEMBER").await), Some("BAD_USER_INPUT"));
    for _ in 0..2 {
        assert_eq!(code(&set_role(&ann, &chat, &bob, "MODERATOR").await), None);
    }
    assert_eq!(socket.next_of("roles").await["conversationUpdated"]["id"], chat);

    // What a moderator may do.
    let spam = carl.send(&chat, "spam").await;
    assert_eq!(code(&delete(&bob, &spam).await), None);
    assert_eq!(code(&rename(&bob, &chat, "Leg day").await), None);
    assert_eq!(code(&add(&bob, &chat, &[&dan]).await), None);
    assert_eq!(code(&remove(&bob, &chat, &dan).await), None);
    let all = bob.send(&chat, "hear me, @all").await;
    let query = "query($m: ID!) { message(id: $m) { mentionsAll } }";
    assert_eq!(carl.get(query, json!({ "m": all["id"] })).await["message"]["mentionsAll"], true);
    assert_eq!(code(&remove(&bob, &chat, &ann).await), Some("FORBIDDEN"));
    assert_eq!(code(&set_role(&bob, &chat, &carl, "MODERATOR").await), Some("FORBIDDEN"));

    assert_eq!(code(&set_role(&ann, &chat, &carl, "OWNER").await), None);
    assert_eq!(roles(&carl, &chat).await, json!({ "ann": "MODERATOR", "bob": "MODERATOR", "carl": "OWNER" }));
    assert_eq!(code(&leave(&carl, &chat).await), None);
    let left = roles(&ann, &chat).await;
    let owners: Vec<&Value> = left.as_object().unwrap().values().filter(|role| *role == "OWNER").collect();
    assert_eq!(owners.len(), 1, "{left}");

    let query = "query($c: ID!) { messages(conversationId: $c) { nodes { system { kind value targets { username } } } } }";
    let seen = bob.get(query, json!({ "c": chat })).await;
    let notes: Vec<&Value> =
        seen["messages"]["nodes"].as_array().unwrap().iter().map(|node| &node["system"]).collect();
    for (kind, value, target) in [("ROLE_CHANGED", "MODERATOR", "bob"), ("OWNER_CHANGED", "OWNER", "carl")] {
        let note = json!({ "kind": kind, "value": value, "targets": [{ "username": target }] });
        assert!(notes.contains(&&note), "{notes:?}");
    }
}

#[tokio::test]
async fn announcements_are_posted_by_owner_and_moderators_alone() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    set_role(&ann, &chat, &bob, "MODERATOR").await;
    assert_eq!(code(&update(&carl, &chat, "announcementsOnly: true").await), Some("FORBIDDEN"));
    let changed = update(&bob, &chat, "announcementsOnly: true, description: \"Meets at six\"").await;
    let about = json!({ "title": null, "description": "Meets at six", "announcementsOnly": true });
    assert_eq!(changed["data"]["updateConversation"], about);
    let before = carl.balance().await;
    let refused = carl.try_send(&chat, Uuid::new_v4(), "may I?").await.unwrap();
    assert_eq!((code(&refused), carl.balance().await), (Some("ANNOUNCEMENTS_ONLY"), before));
    bob.send(&chat, "heard by all").await;
    let query = "query($c: ID!) { conversation(id: $c) { canPost description announcementsOnly } }";
    for (client, can_post) in [(&ann, true), (&bob, true), (&carl, false)] {
        let seen = client.get(query, json!({ "c": chat })).await;
        let wanted = json!({ "canPost": can_post, "description": "Meets at six", "announcementsOnly": true });
        assert_eq!(seen["conversation"], wanted);
    }
    update(&ann, &chat, "announcementsOnly: false, description: \"\"").await;
    carl.send(&chat, "thanks").await;
    assert_eq!(carl.get(query, json!({ "c": chat })).await["conversation"]["description"], Value::Null);
    let long = format!("description: \"{}\"", "x".repeat(501));
    assert_eq!(code(&update(&ann, &chat, &long).await), Some("BAD_USER_INPUT"));
}
