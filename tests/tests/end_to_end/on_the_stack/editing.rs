//! An edited message reads the same everywhere.

use futures::future::join_all;
use musclemap_tests::acts::{answer, delete, edit, people};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::json;

#[tokio::test]
async fn an_edit_is_everywhere_and_ends_with_its_limits() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let cursor = bobs.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    let mut updates = Socket::connect(&server, &carl).await;
    let query =
        "subscription($c: ID!) { messageUpdated(conversationId: $c) { id content editCount status } }";
    updates.subscribe("updates", query, json!({ "c": chat })).await;
    updates.inbox(None).await;
    let message = ann.send(&chat, "befor").await;
    let replied = answer(&bob, &chat, &message, "an answer").await;
    assert_eq!(replied["replyTo"]["content"], "befor");

    let edited = edit(&ann, &message, "  after\r\n@carl ").await["data"]["editMessage"].clone();
    assert_eq!(
        (&edited["content"], &edited["isEdited"], &edited["editCount"]),
        (&json!("  after\n@carl "), &json!(true), &json!(1))
    );
    assert!(edited["editedAt"].is_string(), "{edited}");
    let same = edit(&ann, &message, "  after\n@carl ").await["data"]["editMessage"].clone();
    assert_eq!(same, edited, "an edit to the same text changes nothing");
    assert_eq!(code(&edit(&bob, &message, "mine").await), Some("FORBIDDEN"));
    assert_eq!(code(&edit(&ann, &message, " \u{3164}").await), Some("BAD_USER_INPUT"));

    // Live, in both subscriptions.
    let frames = bobs.frames_until("MessageChanged").await;
    let event = &frames[frames.len() - 1]["event"];
    assert_eq!((&event["change"], &event["message"]["content"]), (&json!("EDITED"), &edited["content"]));
    let updated = updates.next_of("updates").await["messageUpdated"].take();
    assert_eq!(
        updated,
        json!({ "id": message["id"], "content": edited["content"], "editCount": 1, "status": "SENT" })
    );

    // In history, the list and replies, and for a client that returns.
    let query = "query($c: ID!, $m: ID!) { messages(conversationId: $c) { nodes { content isEdited } }
        message(id: $m) { replyTo { content } }
        conversation(id: $c) { unreadMentionCount } }";
    let seen = carl.get(query, json!({ "c": chat, "m": replied["id"] })).await;
    let nodes = json!([{ "content": edited["content"], "isEdited": true }, { "content": "an answer", "isEdited": false }]);
    assert_eq!(seen["messages"]["nodes"], nodes);
    assert_eq!(seen["message"]["replyTo"]["content"], edited["content"]);
    assert_eq!(seen["conversation"]["unreadMentionCount"], 1);
    let mut later = Socket::connect(&server, &bob).await;
    let frames = later.inbox(Some(&cursor)).await;
    assert!(!json!(frames).to_string().contains("\"befor\""), "{frames:?}");

    for number in 2..=5 {
        let next = edit(&ann, &message, &format!("number {number}")).await;
        assert_eq!(next["data"]["editMessage"]["editCount"], number, "{next}");
    }
    assert_eq!(code(&edit(&ann, &message, "six").await), Some("EDIT_LIMIT_REACHED"));
    delete(&ann, &message).await;
    assert_eq!(code(&edit(&ann, &message, "gone").await), Some("NOT_FOUND"));
}

/// The attack: many edits at once, in several conversations and through several processes.
#[tokio::test]
async fn a_user_makes_ten_edits_an_hour_and_only_effects_count() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chats = [ann.create("GROUP", &[&bob]).await, ann.create("DIRECT", &[&bob]).await];
    let mut messages = Vec::new();
    for number in 0..16 {
        messages.push(ann.send(&chats[number % 2], &format!("text {number}")).await);
    }
    // Without an effect: the same text, another's message.
    for _ in 0..12 {
        assert_eq!(code(&edit(&ann, &messages[0], "text 0").await), None);
    }
    let of_bob = bob.send(&chats[0], "mine").await;
    assert_eq!(code(&edit(&ann, &of_bob, "yours").await), Some("FORBIDDEN"));

    let again = Client::login(&server, "ann").await;
    let edits = messages.iter().enumerate().map(|(number, message)| {
        let by = if number % 3 == 0 { &ann } else { &again };
        async move { edit(by, message, &format!("edited {number}")).await }
    });
    let answers = join_all(edits).await;
    let refused: Vec<_> = answers.iter().filter(|answer| code(answer).is_some()).collect();
    assert_eq!(refused.len(), 6, "{answers:?}");
    for answer in refused {
        let said = &answer["errors"][0]["extensions"];
        let limit = (&said["code"], &said["limit"], &said["windowSeconds"]);
        assert_eq!(limit, (&json!("RATE_LIMITED"), &json!("edit"), &json!(3_600)));
        assert!((3_500_000..=3_600_000).contains(&said["retryAfterMs"].as_i64().unwrap()), "{answer}");
    }
    assert_eq!(code(&edit(&bob, &of_bob, "his").await), None, "another user has another count");
}
