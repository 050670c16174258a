//! A block hides two users from each other, in pairs and in groups.

use musclemap_tests::acts::{add, contents, people, set_block};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn blocks_stand_between_two_and_cost_nothing() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let pair = ann.create("DIRECT", &[&bob]).await;
    let group = carl.create("GROUP", &[&ann, &bob]).await;
    let mut anns = Socket::connect(&server, &ann).await;
    anns.inbox(None).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.inbox(None).await;
    set_block(&ann, &bob, true).await;
    anns.account_changed("BLOCKS").await;
    set_block(&ann, &bob, true).await;
    let blocked = "{ blockedUsers { nodes { username } } }";
    assert_eq!(ann.get(blocked, json!({})).await["blockedUsers"]["nodes"], json!([{ "username": "bob" }]));
    assert_eq!(bob.get(blocked, json!({})).await["blockedUsers"]["nodes"], json!([]));

    let refused = ann.try_send(&pair, Uuid::new_v4(), "to bob").await.unwrap();
    assert_eq!(code(&refused), Some("BLOCKED"));
    anns.account_changed("CREDITS").await;
    let refused = bob.try_send(&pair, Uuid::new_v4(), "to ann").await.unwrap();
    assert_eq!(code(&refused), Some("RECIPIENT_UNAVAILABLE"));
    assert_eq!((ann.balance().await, bob.balance().await), (100_000, 100_000));
    let kinds: Vec<(Value, Value)> =
        ann.ledger().await.iter().map(|e| (e["type"].clone(), e["amountMilli"].clone())).collect();
    assert_eq!(kinds[..2], [(json!("REFUND"), json!(100)), (json!("MESSAGE_SEND"), json!(-100))]);
    let rejected = bobs.frames_until("SendRejected").await;
    assert_eq!(rejected[rejected.len() - 1]["event"]["code"], "RECIPIENT_UNAVAILABLE");

    // In a group both stay; neither hears, live or in history, what the other says meanwhile.
    let hidden = bob.send(&group, "not for ann").await;
    let by_carl = carl.send(&group, "for all").await;
    let frames = anns.frames_until("MessageCreated").await;
    assert_eq!(frames[frames.len() - 1]["event"]["message"]["id"], by_carl["id"], "{frames:?}");
    assert_eq!(contents(&ann.history(&group).await), [Some("for all")]);
    let query = "query($c: ID!, $m: ID!) { conversation(id: $c) { unreadCount lastMessage { content } } message(id: $m) { id } }";
    let seen = ann.ask(query, json!({ "c": group, "m": hidden["id"] })).await;
    assert_eq!(code(&seen), Some("NOT_FOUND"));
    assert_eq!(seen["data"]["conversation"]["unreadCount"], 1, "{seen}");

    set_block(&ann, &bob, false).await;
    anns.account_changed("BLOCKS").await;
    bob.send(&group, "for ann again").await;
    assert_eq!(contents(&ann.history(&group).await), [Some("for all"), Some("for ann again")]);
    ann.send(&pair, "hello again").await;
}

/// The code of the answer to a creation, if it is refused.
async fn creation(by: &Client, kind: &str, others: &[&Client], id: Uuid) -> Option<String> {
    let ids: Vec<&str> = others.iter().map(|other| other.user.as_str()).collect();
    let input = json!({ "kind": kind, "participantIds": ids, "clientConversationId": id });
    let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
    code(&by.ask(query, json!({ "input": input })).await).map(str::to_owned)
}

#[tokio::test]
async fn nobody_brings_a_user_who_blocks_them_into_a_conversation() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let (group, repeated) = (bob.create("GROUP", &[&carl]).await, Uuid::new_v4());
    assert_eq!(creation(&bob, "GROUP", &[&ann, &carl], repeated).await, None);
    set_block(&ann, &bob, true).await;
    for (by, other, refusal) in [(&bob, &ann, "RECIPIENT_UNAVAILABLE"), (&ann, &bob, "BLOCKED")] {
        for (kind, others) in [("DIRECT", vec![other]), ("GROUP", vec![other]), ("GROUP", vec![&carl, other])]
        {
            let answer = creation(by, kind, &others, Uuid::new_v4()).await;
            assert_eq!(answer.as_deref(), Some(refusal), "{kind} of {}", others.len());
        }
    }
    assert_eq!(code(&add(&bob, &group, &[&ann]).await), Some("RECIPIENT_UNAVAILABLE"));
    assert_eq!(creation(&bob, "GROUP", &[&ann, &carl], repeated).await, None, "what was created before");
    let list = "{ conversations { nodes { kind participantCount } } }";
    let listed = ann.get(list, json!({})).await["conversations"]["nodes"].take();
    assert_eq!(listed, json!([{ "kind": "GROUP", "participantCount": 3 }]), "the one from before");

    set_block(&ann, &bob, false).await;
    assert_eq!(creation(&bob, "DIRECT", &[&ann], Uuid::new_v4()).await, None);
    assert_eq!(add(&bob, &group, &[&ann]).await["data"]["addParticipants"]["participantCount"], 3);
}
