//! Receipts are about the members of a message's moment.

use musclemap_tests::acts::{add, delete, leave, mark_read, people, set_block};
use musclemap_tests::client::data;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};

async fn progress(client: &Client, message: &Value) -> Value {
    let query = "query($m: ID!) { message(id: $m) { status readByCount recipientCount
        readBy { user { username } } } }";
    client.get(query, json!({ "m": message["id"] })).await["message"].take()
}

#[tokio::test]
async fn newcomers_never_count_and_who_left_keeps_what_they_had_read() {
    let server = System::start().await;
    let [ann, bob, carl, dan, eve] = people(&server, ["ann", "bob", "carl", "dan", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let message = ann.send(&chat, "to bob").await;
    let sent = json!({ "status": "SENT", "readByCount": 0, "recipientCount": 1, "readBy": [] });
    assert_eq!(progress(&ann, &message).await, sent);
    mark_read(&bob, &chat, &message).await;
    let by_bob = json!([{ "user": { "username": "bob" } }]);
    let all = json!({ "status": "READ", "readByCount": 1, "recipientCount": 1, "readBy": by_bob });
    assert_eq!(progress(&ann, &message).await, all);

    add(&ann, &chat, &[&carl, &dan, &eve]).await;
    assert_eq!(progress(&ann, &message).await, all, "newcomers");
    let later = ann.send(&chat, "to all").await;
    mark_read(&carl, &chat, &later).await;
    assert_eq!(progress(&ann, &message).await, all, "a newcomer has read further");
    leave(&bob, &chat).await;
    assert_eq!(progress(&ann, &message).await, all, "bob has read it, and is gone");
    let of_later = progress(&ann, &later).await;
    assert_eq!(
        (&of_later["status"], &of_later["readByCount"], &of_later["recipientCount"]),
        (&json!("SENT"), &json!(1), &json!(4))
    );
    add(&ann, &chat, &[&bob]).await;
    assert_eq!(progress(&ann, &message).await, all, "bob is back");
}

#[tokio::test]
async fn marks_do_not_pass_a_block_either_way() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = carl.create("GROUP", &[&ann, &bob]).await;
    let message = carl.send(&chat, "to both").await;
    mark_read(&ann, &chat, &message).await;
    mark_read(&bob, &chat, &message).await;
    set_block(&ann, &bob, true).await;
    let query = "query($c: ID!) { conversation(id: $c) { participants { nodes {
        user { username } lastReadMessageId lastDeliveredMessageId } } } }";
    for (viewer, other) in [(&ann, "bob"), (&bob, "ann")] {
        let nodes =
            viewer.get(query, json!({ "c": chat })).await["conversation"]["participants"]["nodes"].take();
        for node in nodes.as_array().unwrap() {
            let is_hidden = node["user"]["username"] == other;
            assert_eq!(node["lastReadMessageId"].is_null(), is_hidden, "{node}");
            assert_eq!(node["lastDeliveredMessageId"].is_null(), is_hidden, "{node}");
        }
    }
    assert_eq!(progress(&carl, &message).await["readByCount"], 2);
    let seen = progress(&ann, &message).await;
    assert_eq!(
        (&seen["readByCount"], &seen["readBy"]),
        (&json!(1), &json!([{ "user": { "username": "ann" } }]))
    );
}

#[tokio::test]
async fn unread_counts_what_can_be_read() {
    let server = System::start().await;
    let [ann, bob, carl, dan] = people(&server, ["ann", "bob", "carl", "dan"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let unread = async |client: &Client| {
        let query = "query($c: ID!) { conversation(id: $c) { unreadCount } }";
        client.get(query, json!({ "c": chat })).await["conversation"]["unreadCount"].as_i64().unwrap()
    };
    let only = ann.send(&chat, "the only one").await;
    assert_eq!(unread(&bob).await, 1);
    data(delete(&ann, &only).await);
    assert_eq!(unread(&bob).await, 0, "a tombstone");
    add(&ann, &chat, &[&carl, &dan]).await;
    assert_eq!((unread(&bob).await, unread(&carl).await), (0, 0), "a system message");
    ann.send(&chat, "one").await;
    let two = ann.send(&chat, "two").await;
    assert_eq!((unread(&bob).await, unread(&carl).await, unread(&ann).await), (2, 2, 0));
    mark_read(&bob, &chat, &two).await;
    data(delete(&ann, &two).await);
    ann.send(&chat, "three").await;
    assert_eq!(
        (unread(&bob).await, unread(&carl).await),
        (1, 2),
        "a removal below the mark counts for nobody"
    );
    bob.send(&chat, "mine").await;
    assert_eq!((unread(&bob).await, unread(&carl).await), (0, 3));
    for number in 0..52 {
        ann.send(&chat, &format!("number {number}")).await;
        carl.send(&chat, &format!("number {number}")).await;
    }
    assert_eq!(unread(&bob).await, 100, "more than 99");
}
