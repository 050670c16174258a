//! Settings of a group.

use musclemap_tests::acts::{people, rename};
use musclemap_tests::client::code;
use musclemap_tests::{Socket, System};
use serde_json::json;

#[tokio::test]
async fn a_group_is_renamed_by_its_owner_and_everyone_learns_it() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut socket = Socket::connect(&server, &bob).await;
    let query = "subscription { conversationUpdated { id title } }";
    socket.subscribe("titles", query, json!({})).await;
    socket.inbox(None).await;
    assert_eq!(code(&rename(&bob, &chat, "ours").await), Some("FORBIDDEN"));
    assert_eq!(code(&rename(&eve, &chat, "ours").await), Some("NOT_FOUND"));
    for bad in ["", "\u{200d}", &"x".repeat(101)] {
        assert_eq!(code(&rename(&ann, &chat, bad).await), Some("BAD_USER_INPUT"), "{bad:?}");
    }
    assert_eq!(rename(&ann, &chat, "Leg day").await["data"]["updateConversation"]["title"], "Leg day");
    assert_eq!(rename(&ann, &chat, "Leg day").await["data"]["updateConversation"]["title"], "Leg day");
    // A subscription is first told what came shortly before it.
    let wanted = json!({ "id": chat, "title": "Leg day" });
    while socket.next_of("titles").await["conversationUpdated"] != wanted {}
    let query = "query($c: ID!) { conversation(id: $c) { title unreadCount }
        messages(conversationId: $c) { nodes { contentType system { kind value actor { username } } } } }";
    let seen = bob.get(query, json!({ "c": chat })).await;
    assert_eq!(seen["conversation"], json!({ "title": "Leg day", "unreadCount": 0 }));
    let system = json!({ "kind": "RENAMED", "value": "Leg day", "actor": { "username": "ann" } });
    assert_eq!(seen["messages"]["nodes"], json!([{ "contentType": "SYSTEM", "system": system }]));
    let pair = ann.create("DIRECT", &[&bob]).await;
    assert_eq!(code(&rename(&ann, &pair, "us").await), Some("BAD_USER_INPUT"));
}
