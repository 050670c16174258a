//! A client id has one outcome, whatever has become of its user since.

use musclemap_tests::System;
use musclemap_tests::acts::{answer_as, delete, leave, people, remove};
use musclemap_tests::client::{code, data};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_repeated_send_is_answered_by_the_first() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let parent = ann.send(&chat, "a question").await;
    let (plain, reply) = (Uuid::new_v4(), Uuid::new_v4());
    let first = bob.try_send(&chat, plain, "hello").await.unwrap();
    let answered = answer_as(&bob, &chat, &parent, reply, "an answer").await;
    assert!(first["data"]["sendMessage"]["id"].is_string(), "{first}");
    let balance = bob.balance().await;
    data(delete(&ann, &parent).await);
    assert_eq!(
        answer_as(&bob, &chat, &parent, reply, "an answer").await["data"]["sendMessage"]["id"],
        answered["data"]["sendMessage"]["id"]
    );
    remove(&ann, &chat, &bob).await;
    let again = bob.try_send(&chat, plain, "hello").await.unwrap();
    assert_eq!(again["data"]["sendMessage"]["id"], first["data"]["sendMessage"]["id"], "{again}");
    let again = answer_as(&bob, &chat, &parent, reply, "an answer").await;
    assert_eq!(again["data"]["sendMessage"]["id"], answered["data"]["sendMessage"]["id"], "{again}");
    assert_eq!(code(&bob.try_send(&chat, plain, "other").await.unwrap()), Some("IDEMPOTENCY_CONFLICT"));
    assert_eq!(code(&bob.try_send(&chat, Uuid::new_v4(), "hello").await.unwrap()), Some("NOT_FOUND"));
    assert_eq!(bob.balance().await, balance, "asking again costs nothing");
}

#[tokio::test]
async fn a_repeated_creation_is_answered_by_the_first() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let input =
        json!({ "kind": "GROUP", "participantIds": [bob.user], "clientConversationId": Uuid::new_v4() });
    let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
    let first = ann.get(query, json!({ "input": input })).await["createConversation"]["id"].take();
    data(leave(&ann, first.as_str().unwrap()).await);
    let again = ann.ask(query, json!({ "input": input })).await;
    assert_eq!(again["data"]["createConversation"]["id"], first, "{again}");
}
