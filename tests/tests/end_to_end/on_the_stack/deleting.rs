//! A deleted message leaves a tombstone everywhere.

use musclemap_tests::acts::{answer, contents, delete, people};
use musclemap_tests::client::code;
use musclemap_tests::{Socket, System};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_deleted_is_told_nowhere_any_more() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut socket = Socket::connect(&server, &carl).await;
    let cursor = socket.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let secret = bob.send(&chat, "a secret").await;
    let answered = answer(&ann, &chat, &secret, "indeed").await;
    assert_eq!(answered["replyTo"]["content"], "a secret");
    socket.frame_with(&answered["id"]).await;
    let mut updates = Socket::connect(&server, &carl).await;
    let query = "subscription($c: ID!) { messageUpdated(conversationId: $c) { id content deletedAt } }";
    updates.subscribe("updates", query, json!({ "c": chat })).await;
    updates.inbox(None).await;

    assert_eq!(code(&delete(&carl, &secret).await), Some("FORBIDDEN"));
    let deleted = delete(&bob, &secret).await["data"]["deleteMessage"].clone();
    assert_eq!((&deleted["content"], deleted["deletedAt"].is_string()), (&Value::Null, true));
    assert_eq!(
        delete(&bob, &secret).await["data"]["deleteMessage"],
        deleted,
        "deleting again changes nothing"
    );
    let told = socket.frames_until("MessageChanged").await;
    assert!(told[told.len() - 1]["cursor"].is_string());
    let updated = updates.next_of("updates").await["messageUpdated"].take();
    assert_eq!((&updated["id"], &updated["content"]), (&secret["id"], &Value::Null));

    // Neither history, nor a reply, nor a resume from before tells it.
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("indeed")]);
    let query = "query($m: ID!) { message(id: $m) { replyTo { id content deletedAt } } }";
    let parent = carl.get(query, json!({ "m": answered["id"] })).await["message"]["replyTo"].clone();
    assert_eq!((&parent["id"], &parent["content"]), (&secret["id"], &Value::Null));
    let mut later = Socket::connect(&server, &carl).await;
    let frames = later.inbox(Some(&cursor)).await;
    assert!(!json!(frames).to_string().contains("a secret"), "{frames:?}");
    assert!(frames.iter().any(|frame| frame["event"]["message"]["id"] == secret["id"]), "{frames:?}");
    // Nor does a fresh inbox that follows a deletion at once, while machines are still behind.
    for number in 0..5 {
        let secret = bob.send(&chat, &format!("secret {number}")).await;
        delete(&bob, &secret).await;
        let mut fresh = Socket::connect(&server, &carl).await;
        let mut frames = fresh.inbox(None).await;
        let last = bob.send(&chat, &format!("anything else {number}")).await;
        frames.push(fresh.frame_with(&last["id"]).await);
        assert!(!json!(frames).to_string().contains("secret"), "{frames:?}");
    }
    // The owner may take back what others said.
    assert!(
        delete(&ann, &carl.send(&chat, "rude").await).await["data"]["deleteMessage"]["deletedAt"].is_string()
    );
}
