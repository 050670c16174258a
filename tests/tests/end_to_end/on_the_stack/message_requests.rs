//! Message requests: whom privacy settings let be reached by a request alone decides over it, and who asks learns
//! nothing before.

use musclemap_tests::acts::{
    accept, acknowledge, add, contents, decline, heartbeat, mark_read, people, presence, set_block,
    set_privacy,
};
use musclemap_tests::client::{code, data};
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

async fn create(by: &Client, kind: &str, others: &[&Client]) -> Value {
    let ids: Vec<&str> = others.iter().map(|other| other.user.as_str()).collect();
    let input = json!({ "kind": kind, "participantIds": ids, "clientConversationId": Uuid::new_v4() });
    let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id isRequest canPost } }";
    by.ask(query, json!({ "input": input })).await
}

async fn listed(client: &Client, requests: Option<bool>) -> Vec<Value> {
    let query = "query($r: Boolean) { conversations(filter: { requests: $r }) { nodes { id isRequest } }
        unreadSummary { requests } }";
    let mut answer = client.get(query, json!({ "r": requests })).await;
    let nodes = answer["conversations"]["nodes"].as_array_mut().expect("a list");
    let ids = nodes.iter_mut().map(|node| json!([node["id"], node["isRequest"]])).collect();
    if requests == Some(true) {
        let count = answer["conversations"]["nodes"].as_array().map(Vec::len);
        assert_eq!(answer["unreadSummary"]["requests"], json!(count));
    }
    ids
}

async fn can_post(by: &Client, chat: &str) -> Value {
    let query = "query($c: ID!) { conversation(id: $c) { canPost isRequest participantCount
        participants { nodes { user { username } lastReadMessageId lastDeliveredMessageId } } } }";
    by.get(query, json!({ "c": chat })).await["conversation"].take()
}

async fn status(by: &Client, message: &Value) -> Value {
    let query = "query($m: ID!) { message(id: $m) { status deliveredTo { deliveredAt } readByCount } }";
    by.get(query, json!({ "m": message["id"] })).await["message"].take()
}

const CHANGES: &str = "subscription { inbox { event { __typename
    ... on ConversationChanged { left conversation { id isRequest } }
    ... on ReceiptAdvanced { receipt { user { username } } } } } }";

/// The next change of a conversation that a device is told.
async fn changed(device: &mut Socket) -> Value {
    let mut frames = device.frames_until("ConversationChanged").await;
    let event = frames.pop().expect("a frame")["event"].take();
    json!([event["conversation"]["id"], event["conversation"]["isRequest"], event["left"]])
}

#[tokio::test]
async fn a_stranger_has_one_message_and_learns_nothing_before_the_request_is_accepted() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    set_privacy(&bob, json!({ "whoCanMessageMe": "NO_ONE" })).await;
    let mut bobs = Socket::connect(&server, &bob).await;
    let mut anns = Socket::connect(&server, &ann).await;
    for device in [&mut bobs, &mut anns] {
        device.subscribe("inbox", CHANGES, json!({})).await;
        device.frames_until("Drained").await;
    }
    let created = data(create(&ann, "DIRECT", &[&bob]).await)["createConversation"].take();
    let chat = created["id"].as_str().unwrap().to_owned();
    assert_eq!((&created["isRequest"], &created["canPost"]), (&json!(false), &json!(true)), "to who asks");
    assert_eq!(changed(&mut bobs).await[0], chat.as_str());
    assert_eq!(changed(&mut bobs).await, json!([chat, true, false]));
    assert_eq!((listed(&bob, None).await.len(), listed(&bob, Some(false)).await.len()), (0, 0));
    assert_eq!(listed(&bob, Some(true)).await, [json!([chat, true])]);
    assert_eq!(listed(&ann, None).await, [json!([chat, false])]);

    let first = ann.send(&chat, "may I?").await;
    assert_eq!(can_post(&ann, &chat).await["canPost"], false);
    let refused = ann.try_send(&chat, Uuid::new_v4(), "please").await.unwrap();
    assert_eq!(
        (code(&refused), &refused["errors"][0]["extensions"]["limit"]),
        (Some("LIMIT_REACHED"), &json!("message_request"))
    );
    assert_eq!(ann.balance().await, 100_000 - 100, "what is refused costs nothing");
    acknowledge(&bob, &chat, &first).await;
    mark_read(&bob, &chat, &first).await;
    let nothing = json!({ "status": "SENT", "deliveredTo": [], "readByCount": 0 });
    assert_eq!(status(&ann, &first).await, nothing);
    let seen = can_post(&ann, &chat).await;
    let bob_seen =
        seen["participants"]["nodes"].as_array().unwrap().iter().find(|one| one["user"]["username"] == "bob");
    assert_eq!(bob_seen.unwrap()["lastDeliveredMessageId"], Value::Null, "{seen}");
    assert_eq!(contents(&bob.history(&chat).await), [Some("may I?")]);
    assert_eq!(code(&accept(&ann, &chat).await), None, "nothing to accept changes nothing");

    let accepted = data(accept(&bob, &chat).await)["acceptMessageRequest"].take();
    assert_eq!(accepted, json!({ "id": chat, "isRequest": false, "canPost": true }));
    data(accept(&bob, &chat).await);
    // Nothing of bob's reading came before the acceptance.
    let mut told = vec![];
    while told.last() != Some(&json!([chat, false, false])) || told.len() < 2 {
        let frame = anns.frame().await["event"].take();
        assert_ne!(frame["__typename"], "ReceiptAdvanced", "{frame}");
        if frame["__typename"] == "ConversationChanged" {
            told.push(json!([
                frame["conversation"]["id"],
                frame["conversation"]["isRequest"],
                frame["left"]
            ]));
        }
    }
    assert_eq!(
        (listed(&bob, None).await, listed(&bob, Some(true)).await),
        (vec![json!([chat, false])], vec![])
    );
    ann.send(&chat, "thank you").await;
    assert_eq!(code(&decline(&bob, &chat).await), Some("BAD_USER_INPUT"), "too late");
    // The pair knows each other: a setting does not end what was accepted.
    set_privacy(&bob, json!({ "allowMessageRequests": false })).await;
    assert_eq!(data(create(&ann, "DIRECT", &[&bob]).await)["createConversation"]["id"], chat.as_str());
    ann.send(&chat, "still here").await;
}

#[tokio::test]
async fn a_declined_request_is_gone_for_who_declines_and_unchanged_for_who_asks() {
    let server = System::start().await;
    let [ann, bob, eve] = people(&server, ["ann", "bob", "eve"]).await;
    set_privacy(&bob, json!({ "whoCanMessageMe": "FOLLOWERS" })).await;
    let chat = ann.create("DIRECT", &[&bob]).await;
    ann.send(&chat, "may I?").await;
    let before = can_post(&ann, &chat).await;
    for refused in [decline(&eve, &chat).await, accept(&eve, &chat).await] {
        assert_eq!(code(&refused), Some("NOT_FOUND"));
    }
    let mut bobs = Socket::connect(&server, &bob).await;
    bobs.subscribe("inbox", CHANGES, json!({})).await;
    bobs.frames_until("Drained").await;
    assert_eq!(data(decline(&bob, &chat).await)["declineMessageRequest"], true);
    let mut last = Value::Null;
    while last != json!([chat, false, true]) {
        last = changed(&mut bobs).await;
    }
    assert_eq!((listed(&bob, None).await.len(), listed(&bob, Some(true)).await.len()), (0, 0));
    let gone = bob.ask("query($c: ID!) { conversation(id: $c) { id } }", json!({ "c": chat })).await;
    assert_eq!((code(&gone), code(&decline(&bob, &chat).await)), (Some("NOT_FOUND"), Some("NOT_FOUND")));
    assert_eq!(can_post(&ann, &chat).await, before, "who asks cannot tell");
    let refused = ann.try_send(&chat, Uuid::new_v4(), "please").await.unwrap();
    assert_eq!(code(&refused), Some("LIMIT_REACHED"));
    assert_eq!(data(create(&ann, "DIRECT", &[&bob]).await)["createConversation"]["id"], chat.as_str());
    assert_eq!(listed(&bob, Some(true)).await.len(), 0, "asking again reaches nobody");
    // Who has declined may write first, and has then accepted.
    let own = data(create(&bob, "DIRECT", &[&ann]).await)["createConversation"].take();
    assert_eq!((&own["id"], &own["isRequest"]), (&json!(chat), &json!(false)));
    assert_eq!(contents(&bob.history(&chat).await), [Some("may I?")]);
    ann.send(&chat, "now").await;
}

#[tokio::test]
async fn who_asks_sees_no_presence_before_the_request_is_accepted() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    // They share a group, so the inbox of ann has his presence from the start.
    carl.create("GROUP", &[&ann, &bob]).await;
    set_privacy(&bob, json!({ "whoCanMessageMe": "NO_ONE", "showOnlineStatus": "EVERYONE" })).await;
    let mut inbox = Socket::connect(&server, &ann).await;
    inbox.inbox(None).await;
    data(heartbeat(&bob).await);
    // The new audience may be told before him, as it sees him then.
    while inbox.presence().await["status"] != "ONLINE" {}
    let chat = ann.create("DIRECT", &[&bob]).await;
    assert_eq!(inbox.presence().await["status"], "OFFLINE");
    data(decline(&bob, &chat).await);
    set_block(&ann, &bob, true).await;
    set_block(&ann, &bob, false).await;
    let hidden = json!({ "userId": bob.user, "status": "OFFLINE", "lastSeen": null });
    assert_eq!(presence(&ann, &bob).await, hidden);
    // Who writes first has accepted. Neither the refusal nor the end of the block has shown him before.
    data(create(&bob, "DIRECT", &[&ann]).await);
    assert_eq!(inbox.presence().await["status"], "ONLINE");
    set_privacy(&bob, json!({ "appearOffline": true })).await;
    assert_eq!(inbox.presence().await["status"], "OFFLINE");
}

#[tokio::test]
async fn settings_decide_who_is_reached_openly_by_request_or_not_at_all() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    // Neither the audience nor requests: unavailable, as behind a block.
    set_privacy(&bob, json!({ "whoCanMessageMe": "NO_ONE", "allowMessageRequests": false })).await;
    let group = ann.create("GROUP", &[&carl]).await;
    for refused in [
        create(&ann, "DIRECT", &[&bob]).await,
        create(&ann, "GROUP", &[&bob, &carl]).await,
        add(&ann, &group, &[&bob]).await,
    ] {
        assert_eq!(code(&refused), Some("RECIPIENT_UNAVAILABLE"));
    }
    // In groups the addition is a request to the added one, who reads along and may decline.
    set_privacy(&bob, json!({ "allowMessageRequests": true })).await;
    assert_eq!(data(add(&ann, &group, &[&bob]).await)["addParticipants"]["participantCount"], 3);
    let other = ann.create("GROUP", &[&bob, &carl]).await;
    assert_eq!(listed(&bob, Some(true)).await.len(), 2);
    let message = ann.send(&group, "welcome").await;
    ann.send(&group, "no bound in groups").await;
    mark_read(&bob, &group, &message).await;
    assert_eq!(status(&ann, &message).await["readByCount"], 0);
    data(decline(&bob, &other).await);
    assert_eq!(can_post(&ann, &other).await["participantCount"], 2);
    data(accept(&bob, &group).await);
    mark_read(&bob, &group, &ann.send(&group, "now").await).await;
    assert_eq!(status(&ann, &message).await["readByCount"], 1);
    // Everyone: open. A block is refused before a setting is looked at.
    set_privacy(&bob, json!({ "whoCanMessageMe": "EVERYONE" })).await;
    let pair = data(create(&carl, "DIRECT", &[&bob]).await)["createConversation"].take();
    assert_eq!(listed(&bob, None).await.len(), 2, "{pair}");
    set_privacy(&bob, json!({ "whoCanMessageMe": "NO_ONE" })).await;
    set_block(&ann, &bob, true).await;
    assert_eq!(code(&create(&ann, "DIRECT", &[&bob]).await), Some("BLOCKED"));
}
