//! Privacy settings are a user's own, and the same on all their devices; read receipts are reciprocal.

use musclemap_tests::acts::{mark_read, people};
use musclemap_tests::client::code;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};

const SETTINGS: &str = "whoCanMessageMe showOnlineStatus showReadReceipts showTypingIndicator
    allowMessageRequests appearOffline";

async fn update(by: &Client, input: Value) -> Value {
    let query = format!(
        "mutation($i: PrivacySettingsInput!) {{ updatePrivacySettings(input: $i) {{ {SETTINGS} }} }}"
    );
    by.ask(&query, json!({ "i": input })).await
}

async fn settings(of: &Client) -> Value {
    of.get(&format!("{{ privacySettings {{ {SETTINGS} }} }}"), json!({})).await["privacySettings"].take()
}

#[tokio::test]
async fn settings_are_set_one_by_one_and_reach_ones_other_devices() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let mut device = Socket::connect(&server, &ann).await;
    device.inbox(None).await;
    let first = json!({ "whoCanMessageMe": "EVERYONE", "showOnlineStatus": "FOLLOWERS",
        "showReadReceipts": true, "showTypingIndicator": true, "allowMessageRequests": true,
        "appearOffline": false });
    assert_eq!(settings(&ann).await, first);

    let mut wanted = first.clone();
    for (name, value) in [
        ("whoCanMessageMe", json!("NO_ONE")),
        ("showOnlineStatus", json!("EVERYONE")),
        ("showReadReceipts", json!(false)),
        ("showTypingIndicator", json!(false)),
        ("allowMessageRequests", json!(false)),
        ("appearOffline", json!(true)),
        ("whoCanMessageMe", json!("FOLLOWERS")),
    ] {
        wanted[name] = value.clone();
        for _ in 0..2 {
            let answer = update(&ann, json!({ name: value })).await["data"]["updatePrivacySettings"].take();
            assert_eq!(answer, wanted, "{name}");
        }
        device.account_changed("PRIVACY").await;
    }
    assert_eq!(settings(&ann).await, wanted);
    assert_eq!(settings(&bob).await, first, "of ann alone");
    let refused = update(&ann, json!({ "whoCanMessageMe": "FRIENDS" })).await;
    assert_eq!(code(&refused), Some("BAD_USER_INPUT"));
}

const MARKS: &str =
    "query($c: ID!, $m: ID!) { message(id: $m) { status readByCount readBy { user { username } }
    deliveredTo { user { username } readAt } }
    conversation(id: $c) { participants { nodes { user { username } lastReadMessageId } } } }";

/// Status, readers and receivers of a message, and the read mark of a participant, as a user sees them.
async fn marks(client: &Client, chat: &str, message: &Value, of: &str) -> Value {
    let data = client.get(MARKS, json!({ "c": chat, "m": message["id"] })).await;
    let message = &data["message"];
    let names = |field: &str| -> Vec<String> {
        let receipts = message[field].as_array().expect("a list").iter();
        let mut names: Vec<String> =
            receipts.map(|one| one["user"]["username"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    let people = data["conversation"]["participants"]["nodes"].as_array().expect("a list");
    let participant = people.iter().find(|one| one["user"]["username"] == of).expect("a participant");
    assert_eq!(message["readByCount"], names("readBy").len());
    json!([message["status"], names("readBy"), names("deliveredTo"), participant["lastReadMessageId"]])
}

/// Waits until the node of a socket knows the settings that its user has just changed; no read comes before.
async fn until_known(socket: &mut Socket) {
    loop {
        let message = socket.hear().await.expect("an open socket");
        assert_ne!(message["id"], "read", "{message}");
        let event = &message["payload"]["data"]["inbox"]["event"];
        if event["__typename"] == "AccountChanged" && event["what"] == "PRIVACY" {
            return;
        }
    }
}

#[tokio::test]
async fn read_receipts_are_reciprocal_live_and_in_every_answer() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl]).await;
    let mut sockets = vec![];
    for client in [&ann, &carl, &bob] {
        let mut socket = Socket::connect(&server, client).await;
        let query =
            "subscription($c: ID!) { messageRead(conversationId: $c) { messageId user { username } } }";
        socket.subscribe("read", query, json!({ "c": chat })).await;
        socket.inbox(None).await;
        sockets.push(socket);
    }
    let first = ann.send(&chat, "read by bob in the open").await;
    mark_read(&bob, &chat, &first).await;
    let by_bob = json!({ "messageId": first["id"], "user": { "username": "bob" } });
    for socket in &mut sockets {
        assert_eq!(socket.next_of("read").await["messageRead"], by_bob);
    }
    // Bob switches off: what he reads from now on is delivered to others, and read on his own devices.
    update(&bob, json!({ "showReadReceipts": false })).await;
    until_known(&mut sockets[2]).await;
    let second = ann.send(&chat, "read by bob in private").await;
    mark_read(&bob, &chat, &second).await;
    let by_bob = json!({ "messageId": second["id"], "user": { "username": "bob" } });
    assert_eq!(sockets[2].next_of("read").await["messageRead"], by_bob, "on his own devices");
    assert_eq!(
        marks(&ann, &chat, &second, "bob").await,
        json!(["SENT", [], ["bob"], first["id"]]),
        "delivered, not read"
    );
    assert_eq!(marks(&bob, &chat, &second, "bob").await[3], second["id"], "bob knows his own mark");
    mark_read(&carl, &chat, &second).await;
    let by_carl = json!({ "messageId": second["id"], "user": { "username": "carl" } });
    assert_eq!(sockets[0].next_of("read").await["messageRead"], by_carl, "nothing of bob between");
    assert_eq!(marks(&ann, &chat, &second, "bob").await[0], "DELIVERED");
    assert_eq!(marks(&ann, &chat, &first, "bob").await[1], json!(["bob", "carl"]), "what was sent stays");
    // Of carl, bob sees the delivery alone: in answers, and in the next event that reaches him.
    assert_eq!(marks(&bob, &chat, &second, "carl").await, json!(["DELIVERED", [], ["bob", "carl"], null]));
    update(&bob, json!({ "showReadReceipts": true })).await;
    until_known(&mut sockets[2]).await;
    let third = ann.send(&chat, "read by carl").await;
    mark_read(&carl, &chat, &third).await;
    let by_carl = json!({ "messageId": third["id"], "user": { "username": "carl" } });
    assert_eq!(
        sockets[2].next_of("read").await["messageRead"],
        by_carl,
        "the one while he was off never came"
    );
    assert_eq!(marks(&ann, &chat, &second, "bob").await[0], "DELIVERED", "what was read in private stays so");
    mark_read(&bob, &chat, &third).await;
    assert_eq!(marks(&ann, &chat, &third, "bob").await[0], "READ");
}
