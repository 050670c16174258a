//! Delivery: a device acknowledges what it has stored, and the sender sees one tick become two.

use musclemap_tests::acts::{acknowledge, mark_read, people};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const MARKS: &str = "{ status deliveredTo { user { username } readAt } readBy { user { username } } }";

async fn marks(client: &Client, message: &Value) -> Value {
    let query = format!("query($m: ID!) {{ message(id: $m) {MARKS} }}");
    client.get(&query, json!({ "m": message["id"] })).await["message"].take()
}

#[tokio::test]
async fn a_message_is_sent_then_delivered_to_all_then_read_by_all() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let message = ann.send(&chat, "hello").await;
    let mut socket = Socket::connect(&server, &ann).await;
    for (id, field) in [("delivered", "messageDelivered"), ("read", "messageRead")] {
        let query = format!(
            "subscription($c: ID!) {{ {field}(conversationId: $c) {{
            messageId user {{ username }} readAt }} }}"
        );
        socket.subscribe(id, &query, json!({ "c": chat })).await;
    }
    socket.inbox(None).await;
    assert_eq!(marks(&ann, &message).await, json!({ "status": "SENT", "deliveredTo": [], "readBy": [] }));

    acknowledge(&bob, &chat, &message).await;
    let told = socket.next_of("delivered").await["messageDelivered"].take();
    assert_eq!(told, json!({ "messageId": message["id"], "user": { "username": "bob" }, "readAt": null }));
    let by_bob = json!([{ "user": { "username": "bob" }, "readAt": null }]);
    assert_eq!(marks(&ann, &message).await, json!({ "status": "SENT", "deliveredTo": by_bob, "readBy": [] }));
    acknowledge(&carl, &chat, &message).await;
    assert_eq!(marks(&ann, &message).await["status"], "DELIVERED");
    mark_read(&carl, &chat, &message).await;
    assert_eq!(socket.next_of("read").await["messageRead"]["user"]["username"], "carl");
    let seen = marks(&ann, &message).await;
    assert_eq!((&seen["status"], seen["readBy"].as_array().unwrap().len()), (&json!("DELIVERED"), 1));
    mark_read(&bob, &chat, &message).await;
    assert_eq!(marks(&ann, &message).await["status"], "READ");

    let query = "mutation($c: ID!, $m: ID!) { acknowledgeDelivery(conversationId: $c, upToMessageId: $m) }";
    let refused = eve.ask(query, json!({ "c": chat, "m": message["id"] })).await;
    assert_eq!(code(&refused), Some("NOT_FOUND"));
    let other = ann.create("GROUP", &[&bob]).await;
    let refused = bob.ask(query, json!({ "c": other, "m": message["id"] })).await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"));
}

/// One command stands for all: what the devices have acknowledged together is told once, at its highest.
#[tokio::test]
async fn acknowledgements_over_a_socket_are_put_together() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    let mut messages = vec![];
    for number in 0..12 {
        messages.push(ann.send(&chat, &format!("number {number}")).await);
    }
    let mut hers = Socket::connect(&server, &ann).await;
    let query = "subscription($c: ID!) { messageDelivered(conversationId: $c) { messageId } }";
    hers.subscribe("delivered", query, json!({ "c": chat })).await;
    hers.inbox(None).await;
    let mut his = Socket::connect(&server, &bob).await;
    let query = "mutation($c: ID!, $m: ID!) { acknowledgeDelivery(conversationId: $c, upToMessageId: $m) }";
    for (number, message) in messages.iter().enumerate() {
        let variables = json!({ "c": chat, "m": message["id"] });
        his.subscribe(&number.to_string(), query, variables).await;
    }
    let mut answered = 0;
    while answered < messages.len() {
        let said = his.hear().await.unwrap();
        assert!(said["payload"].get("errors").is_none(), "{said}");
        answered += usize::from(said["type"] == "next");
    }
    let mut told = 0;
    loop {
        told += 1;
        let up_to = hers.next_of("delivered").await["messageDelivered"]["messageId"].take();
        if up_to == messages[messages.len() - 1]["id"] {
            break;
        }
    }
    assert!(told < messages.len(), "{told} of {}", messages.len());
    assert_eq!(marks(&ann, &messages[0]).await["status"], "DELIVERED");
}
