//! Mentions name members; all only by an owner.

use musclemap_tests::acts::people;
use musclemap_tests::{Client, System};
use serde_json::json;

#[tokio::test]
async fn who_is_named_is_told_apart() {
    let server = System::start().await;
    let [ann, bob, carl, _eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let named = bob.send(&chat, "@Carl, look! @all @eve").await;
    ann.send(&chat, "hear me, @all").await;
    let query = "query($m: ID!) { message(id: $m) { mentionsAll mentions { username } } }";
    let message = carl.get(query, json!({ "m": named["id"] })).await["message"].clone();
    assert_eq!(message, json!({ "mentionsAll": false, "mentions": [{ "username": "carl" }] }));
    let query = "query($c: ID!) { conversation(id: $c) { unreadMentionCount unreadCount } }";
    let counts = |client: Client| {
        let chat = chat.clone();
        async move { client.get(query, json!({ "c": chat })).await["conversation"].clone() }
    };
    assert_eq!(counts(carl).await, json!({ "unreadMentionCount": 2, "unreadCount": 2 }));
    assert_eq!(counts(bob).await, json!({ "unreadMentionCount": 1, "unreadCount": 1 }));
    assert_eq!(counts(ann).await, json!({ "unreadMentionCount": 0, "unreadCount": 0 }));
}
