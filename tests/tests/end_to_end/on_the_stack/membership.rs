//! Members of a group come, go and return; each sees what is of their own time.

use musclemap_tests::acts::{add, contents, leave, people, remove};
use musclemap_tests::client::code;
use musclemap_tests::{Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn who_comes_sees_from_then_on_and_who_goes_sees_no_more() {
    let server = System::start().await;
    let [ann, bob, carl, eve] = people(&server, ["ann", "bob", "carl", "eve"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    ann.send(&chat, "before carl").await;
    let mut carls = Socket::connect(&server, &carl).await;
    carls.inbox(None).await;

    assert_eq!(code(&add(&bob, &chat, &[&carl]).await), Some("FORBIDDEN"));
    assert_eq!(code(&add(&eve, &chat, &[&eve]).await), Some("NOT_FOUND"));
    assert_eq!(add(&ann, &chat, &[&carl, &bob]).await["data"]["addParticipants"]["participantCount"], 3);
    assert_eq!(add(&ann, &chat, &[&carl]).await["data"]["addParticipants"]["participantCount"], 3);
    let frames = carls.frames_until("MessageCreated").await;
    let told = frames.iter().find(|frame| frame["event"]["__typename"] == "ConversationChanged");
    assert_eq!(told.expect("a conversation")["event"]["left"], false);
    ann.send(&chat, "with carl").await;
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("with carl")]);
    assert_eq!(contents(&bob.history(&chat).await), [Some("before carl"), None, Some("with carl")]);
    let frames = carls.frames_until("MessageCreated").await;
    let cursor = frames[frames.len() - 1]["cursor"].as_str().unwrap().to_owned();
    drop(carls);

    // Carl is away when he is removed: he hears what was said before, and that he is out.
    ann.send(&chat, "while carl was away").await;
    assert_eq!(code(&remove(&bob, &chat, &carl).await), Some("FORBIDDEN"));
    assert_eq!(remove(&ann, &chat, &carl).await["data"]["removeParticipant"]["participantCount"], 2);
    ann.send(&chat, "without carl").await;
    let denied = carl.ask("query($c: ID!) { conversation(id: $c) { id } }", json!({ "c": chat })).await;
    assert_eq!(code(&denied), Some("NOT_FOUND"));
    assert_eq!(code(&carl.try_send(&chat, Uuid::new_v4(), "hello?").await.unwrap()), Some("NOT_FOUND"));
    let mut carls = Socket::connect(&server, &carl).await;
    let frames = carls.inbox(Some(&cursor)).await;
    let heard: Vec<&Value> = frames
        .iter()
        .map(|frame| &frame["event"]["message"]["content"])
        .filter(|text| text.is_string())
        .collect();
    assert_eq!(heard, ["while carl was away"], "{frames:?}");
    assert!(frames.iter().any(|frame| frame["event"]["left"] == true), "{frames:?}");

    // Back again, Carl sees from then on; and whoever owns the group hands it over by leaving.
    add(&ann, &chat, &[&carl]).await;
    ann.send(&chat, "carl is back").await;
    assert_eq!(contents(&carl.history(&chat).await), [None, Some("carl is back")]);
    assert_eq!(leave(&ann, &chat).await["data"]["leaveConversation"], true);
    assert_eq!(code(&leave(&ann, &chat).await), Some("NOT_FOUND"));
    assert_eq!(remove(&bob, &chat, &carl).await["data"]["removeParticipant"]["participantCount"], 1);
    let pair = bob.create("DIRECT", &[&eve]).await;
    assert_eq!(code(&leave(&bob, &pair).await), Some("BAD_USER_INPUT"));
}

#[tokio::test]
async fn who_was_removed_gets_what_was_said_before_whatever_they_select() {
    let server = System::start().await;
    let [ann, carl] = people(&server, ["ann", "carl"]).await;
    let chat = ann.create("GROUP", &[&carl]).await;
    let mut carls = Socket::connect(&server, &carl).await;
    let cursor = carls.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned();
    drop(carls);
    let said = ann.send(&chat, "while carl was away").await;
    remove(&ann, &chat, &carl).await;
    ann.send(&chat, "without carl").await;
    let query = "subscription($after: String) { inbox(after: $after) { event { __typename
        ... on MessageCreated { message { id content status readByCount replyTo { id }
            conversation { id kind participantCount lastSeq unreadCount lastMessage { content } } } } } } }";
    let mut carls = Socket::connect(&server, &carl).await;
    carls.subscribe("inbox", query, json!({ "after": cursor })).await;
    let frames = carls.frames_until("Drained").await;
    let message = frames.iter().map(|frame| &frame["event"]["message"]).find(|m| m["id"] == said["id"]);
    let conversation = json!({ "id": chat, "kind": "GROUP", "participantCount": 0, "lastSeq": 0, "unreadCount": 0, "lastMessage": null });
    assert_eq!(message.unwrap()["conversation"], conversation);
    assert_eq!(message.unwrap()["content"], "while carl was away");
    assert!(!json!(frames).to_string().contains("without carl"), "{frames:?}");
}
