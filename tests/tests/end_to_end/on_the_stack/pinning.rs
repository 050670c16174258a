//! A conversation lists what was pinned in it, for who sees it, until the pin or the message goes.

use musclemap_tests::acts::{add, delete, people, pin, set_role, unpin};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

/// Texts of the pinned messages, by both queries.
async fn pinned(by: &Client, chat: &str) -> Value {
    let query = "query($c: ID!) { getPinnedMessages(conversationId: $c) { content }
        conversation(id: $c) { pinnedMessages { content } } }";
    let data = by.get(query, json!({ "c": chat })).await;
    assert_eq!(data["getPinnedMessages"], data["conversation"]["pinnedMessages"]);
    let nodes = data["getPinnedMessages"].as_array().expect("a list");
    nodes.iter().map(|node| node["content"].clone()).collect()
}

#[tokio::test]
async fn who_manages_a_group_pins_up_to_ten_messages() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let first = bob.send(&chat, "one").await;
    let mut carls = Socket::connect(&server, &carl).await;
    let cursor = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let query = "subscription($c: ID!) { messagePinned(conversationId: $c) {
        pinned by { username } message { content pinnedAt } } }";
    carls.subscribe("pins", query, json!({ "c": chat })).await;

    assert_eq!(code(&pin(&bob, &first).await), Some("FORBIDDEN"));
    assert_eq!(code(&pin(&eve, &first).await), Some("NOT_FOUND"));
    let done = data(pin(&ann, &first).await)["pinMessage"].take();
    assert!(done["pinnedAt"].is_string() && done["pinnedBy"]["username"] == "ann", "{done}");
    assert_eq!(data(pin(&ann, &first).await)["pinMessage"], done, "again");
    set_role(&ann, &chat, &bob, "MODERATOR").await;
    let second = carl.send(&chat, "two").await;
    data(pin(&bob, &second).await);
    assert_eq!(pinned(&carl, &chat).await, json!(["one", "two"]), "in the order of their pins");
    let query = "query($c: ID!) { messages(conversationId: $c) { nodes {
        system { kind value actor { username } } } } }";
    let nodes = carl.get(query, json!({ "c": chat })).await["messages"]["nodes"].take();
    let notes: Vec<&Value> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["system"])
        .filter(|note| note["kind"] == "PINNED")
        .collect();
    let note = |id: &Value, by: &str| json!({ "kind": "PINNED", "value": id, "actor": { "username": by } });
    assert_eq!(json!(notes), json!([note(&first["id"], "ann"), note(&second["id"], "bob")]));

    // Who came later sees no pin of what was before; it is there for the others.
    add(&ann, &chat, &[&eve]).await;
    assert_eq!(pinned(&eve, &chat).await, json!([]));
    let undone = data(unpin(&bob, &first).await)["unpinMessage"].take();
    assert_eq!((&undone["pinnedAt"], &undone["pinnedBy"]), (&Value::Null, &Value::Null));
    assert_eq!(data(unpin(&bob, &first).await)["unpinMessage"], undone, "again");
    data(delete(&carl, &second).await);
    assert_eq!(pinned(&carl, &chat).await, json!([]), "gone with its message");
    assert_eq!(code(&pin(&ann, &second).await), Some("NOT_FOUND"));

    // Live, and after a resume.
    for (text, by, is_pinned) in [("one", "ann", true), ("two", "bob", true), ("one", "bob", false)] {
        let change = carls.next_of("pins").await["messagePinned"].take();
        assert_eq!(change["message"]["content"], text);
        assert_eq!((&change["pinned"], &change["by"]["username"]), (&json!(is_pinned), &json!(by)));
        assert_eq!(change["message"]["pinnedAt"].is_string(), is_pinned, "{change}");
    }
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    let changes: Vec<(&Value, &Value)> = frames
        .iter()
        .filter(|frame| frame["event"]["__typename"] == "PinChanged")
        .map(|frame| (&frame["event"]["pin"]["pinned"], &frame["event"]["pin"]["message"]["content"]))
        .collect();
    let (yes, no, one, gone) = (json!(true), json!(false), json!("one"), Value::Null);
    assert_eq!(changes, [(&yes, &one), (&yes, &gone), (&no, &one)], "a deleted text is not replayed");

    for number in 0..10 {
        let message = ann.send(&chat, &format!("number {number}")).await;
        data(pin(&ann, &message).await);
    }
    assert_eq!(code(&pin(&ann, &first).await), Some("PIN_LIMIT_REACHED"));
    let query = "query($m: ID!) { message(id: $m) { pinnedAt } }";
    assert_eq!(bob.get(query, json!({ "m": first["id"] })).await["message"]["pinnedAt"], Value::Null);
}

#[tokio::test]
async fn either_of_two_pins() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let message = ann.send(&chat, "at six").await;
    data(pin(&bob, &message).await);
    assert_eq!(pinned(&ann, &chat).await, json!(["at six"]));
    data(unpin(&ann, &message).await);
    assert_eq!(pinned(&bob, &chat).await, json!([]));
}
