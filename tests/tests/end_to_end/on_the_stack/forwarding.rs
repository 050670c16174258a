//! A forward copies a text to several conversations: charged whole or not at all, with the name of who wrote it.

use musclemap_tests::acts::{PROVENANCE, delete, edit, forward, forward_as, people, rename, update};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

/// Texts of a conversation, oldest first, with where they come from as a user sees it.
async fn told(by: &Client, chat: &str) -> Vec<(Value, Value)> {
    let query = format!(
        "query($c: ID!) {{ messages(conversationId: $c) {{ nodes {{ contentType content {PROVENANCE} }} }} }}"
    );
    let nodes = by.get(&query, json!({ "c": chat })).await["messages"]["nodes"].take();
    let texts = nodes.as_array().expect("a list").iter().filter(|node| node["contentType"] == "TEXT");
    texts.map(|node| (node["content"].clone(), node["forwardedFrom"].clone())).collect()
}

/// What a member of the source sees of it.
fn known(message: &Value, chat: &str, title: Option<&str>) -> Value {
    json!({
        "messageId": message["id"], "conversationId": chat, "conversationTitle": title,
        "sender": { "username": "bob" },
    })
}

/// What others see of it.
fn unknown() -> Value {
    json!({
        "messageId": null, "conversationId": null, "conversationTitle": null, "sender": { "username": "bob" },
    })
}

#[tokio::test]
async fn copies_are_charged_once_and_name_their_source_to_its_members_alone() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let source = ann.create("GROUP", &[&bob]).await;
    let crew = ann.create("GROUP", &[&eve]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let message = bob.send(&source, "squat deep").await;
    let query =
        format!("subscription($c: ID!) {{ messageReceived(conversationId: $c) {{ content {PROVENANCE} }} }}");
    let mut sockets = [Socket::connect(&server, &ann).await, Socket::connect(&server, &eve).await];
    for socket in &mut sockets {
        socket.subscribe("crew", &query, json!({ "c": crew })).await;
        socket.inbox(None).await;
    }

    let (before, id) = (ann.balance().await, Uuid::new_v4());
    let to = [crew.as_str(), pair.as_str()];
    let copies = data(forward_as(&ann, &message, &to, Some("look"), id).await)["forwardMessage"].take();
    let of_copy = |nth: usize, name: &str| copies[nth][name].clone();
    assert_eq!(copies.as_array().unwrap().len(), 2);
    for (nth, chat) in to.iter().enumerate() {
        assert_eq!(
            (of_copy(nth, "conversationId"), of_copy(nth, "content")),
            (json!(chat), json!("squat deep"))
        );
        assert_eq!(of_copy(nth, "forwardedFrom"), known(&message, &source, None));
        assert_eq!(of_copy(nth, "sender"), json!({ "username": "ann" }));
    }
    assert_eq!(of_copy(0, "clientMessageId"), json!(id));
    assert_eq!(before - ann.balance().await, 400, "two copies and two comments, each to one");

    // Asked again it is the same, and costs nothing; another forward under its id is none.
    let again = forward_as(&ann, &message, &to, Some("look"), id).await;
    assert_eq!(data(again)["forwardMessage"], copies);
    let other = forward_as(&ann, &message, &to, Some("or not"), id).await;
    assert_eq!(code(&other), Some("IDEMPOTENCY_CONFLICT"));
    assert_eq!(before - ann.balance().await, 400);

    // Each sees of the source what they are a member of; live as well.
    let look = (json!("look"), Value::Null);
    let copy = |from| (json!("squat deep"), from);
    assert_eq!(told(&eve, &crew).await, [copy(unknown()), look.clone()]);
    assert_eq!(told(&ann, &crew).await, [copy(known(&message, &source, None)), look.clone()]);
    assert_eq!(told(&bob, &pair).await, [copy(known(&message, &source, None)), look]);
    for (socket, from) in sockets.iter_mut().zip([known(&message, &source, None), unknown()]) {
        let received = socket.next_of("crew").await["messageReceived"].take();
        assert_eq!((&received["content"], &received["forwardedFrom"]), (&json!("squat deep"), &from));
    }

    // A copy that is forwarded again names the first message; nobody edits it; deleted, it names nothing.
    let notes = eve.create("DIRECT", &[]).await;
    let second = data(forward(&eve, &copies[0], &[&notes], None).await)["forwardMessage"][0].take();
    assert_eq!(second["forwardedFrom"], unknown());
    assert_eq!(code(&edit(&eve, &second, "squat").await), Some("BAD_USER_INPUT"));
    data(delete(&eve, &second).await);
    assert_eq!(told(&eve, &notes).await, [(Value::Null, Value::Null)]);
}

#[tokio::test]
async fn what_is_refused_before_a_conversation_decides_is_refused_for_all() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    let source = ann.create("GROUP", &[&bob]).await;
    let message = bob.send(&source, "squat deep").await;
    let own = ann.create("DIRECT", &[]).await;
    let strangers = eve.create("GROUP", &[&bob]).await;
    let before = ann.balance().await;

    let ask = async |by: &Client, to: &[&str]| forward(by, &message, to, None).await;
    assert_eq!(code(&ask(&ann, &[&source, &strangers]).await), Some("NOT_FOUND"), "not in one of them");
    assert_eq!(code(&ask(&eve, &[&strangers]).await), Some("NOT_FOUND"), "does not see the message");
    assert_eq!(code(&ask(&ann, &[]).await), Some("BAD_USER_INPUT"));
    assert_eq!(code(&ask(&ann, &[&own, &own]).await), Some("BAD_USER_INPUT"));
    assert_eq!(code(&ask(&ann, &[own.as_str(); 11]).await), Some("LIMIT_REACHED"));
    data(rename(&ann, &source, "Leg day").await);
    let query = "query($c: ID!) { conversation(id: $c) { lastMessage { id contentType } } }";
    let note = ann.get(query, json!({ "c": source })).await["conversation"]["lastMessage"].take();
    assert_eq!(note["contentType"], "SYSTEM");
    assert_eq!(code(&forward(&ann, &note, &[&own], None).await), Some("BAD_USER_INPUT"));
    assert_eq!((ann.balance().await, told(&ann, &own).await.len()), (before, 0));

    let stored = data(ask(&ann, &[&own]).await)["forwardMessage"].take();
    assert_eq!(stored[0]["forwardedFrom"], known(&message, &source, Some("Leg day")));
}

#[tokio::test]
async fn a_copy_that_its_conversation_refuses_is_refunded_alone() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let announcements = ann.create("GROUP", &[&bob, &carl]).await;
    let pair = bob.create("DIRECT", &[&carl]).await;
    let message = bob.send(&pair, "squat deep").await;
    data(update(&ann, &announcements, "announcementsOnly: true").await);

    let before = bob.balance().await;
    let copies = data(forward(&bob, &message, &[&announcements, &pair], None).await)["forwardMessage"].take();
    let places: Vec<&Value> = copies.as_array().unwrap().iter().map(|copy| &copy["conversationId"]).collect();
    assert_eq!(places, [&json!(pair)]);
    assert_eq!(before - bob.balance().await, 100, "the refused copy to two costs nothing");
    let kinds: Vec<Value> =
        bob.ledger().await.iter().take(2).map(|entry| entry["amountMilli"].clone()).collect();
    assert_eq!(kinds, [json!(200), json!(-300)]);
    let refused = forward(&bob, &message, &[&announcements], None).await;
    assert_eq!(code(&refused), Some("ANNOUNCEMENTS_ONLY"));
    assert_eq!(before - bob.balance().await, 100);
}
