//! An erased user: served no more, and a deleted user wherever they were named.

use musclemap_tests::acts::{HEARTBEAT, admin, people, presence, set_privacy};
use musclemap_tests::client::code;
use musclemap_tests::process::PATIENCE;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

const SOON: Duration = Duration::from_secs(5);
const PERSON: &str = "id username displayName avatarUrl";

fn deleted(user: &Client) -> Value {
    json!({ "id": user.user, "username": "deleted", "displayName": "Deleted user", "avatarUrl": null })
}

/// An inbox that selects everyone whom a message names.
fn inbox() -> String {
    format!(
        "subscription($after: String) {{ inbox(after: $after) {{ cursor event {{ __typename
            ... on MessageCreated {{ message {{ id sender {{ {PERSON} }} mentions {{ {PERSON} }}
                replyTo {{ sender {{ {PERSON} }} }} }} }}
            ... on UserChanged {{ user {{ {PERSON} }} }} }} }} }}"
    )
}

#[tokio::test]
async fn an_erased_user_is_a_deleted_user_in_every_answer_and_is_served_no_more() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let admin = admin(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut socket = Socket::connect(&server, &ann).await;
    socket.subscribe("named", &inbox(), json!({ "after": null })).await;
    let first = socket.frames_until("Drained").await.pop().expect("a frame");
    let of_bob = bob.send(&chat, "hello").await;
    let reply = "mutation($c: ID!, $i: UUID!, $r: ID!) { sendMessage(input: { conversationId: $c,
        clientMessageId: $i, content: \"hello @bob\", replyToId: $r }) { id } }";
    ann.get(reply, json!({ "c": chat, "i": uuid::Uuid::new_v4(), "r": of_bob["id"] })).await;
    let mut seen = socket.frames_until("MessageCreated").await;
    seen.extend(socket.frames_until("MessageCreated").await);
    let named = &seen.last().expect("a frame")["event"]["message"];
    assert_eq!(named["mentions"][0]["displayName"], "bob", "{named}");
    let mut own = Socket::connect(&server, &bob).await;
    own.inbox(None).await;
    set_privacy(&bob, json!({ "showOnlineStatus": "EVERYONE" })).await;
    own.subscribe("beat", HEARTBEAT, json!({})).await;
    assert_eq!(own.next_of("beat").await["heartbeat"], true);
    let before = presence(&ann, &bob).await;
    assert!(before["lastSeen"].is_string(), "{before}");

    admin.administered(&server, "DELETE", &format!("/users/{}", bob.user), Value::Null).await;
    assert_eq!(own.closed_within(SOON).await, 4403);
    let told = socket.frames_until("UserChanged").await.pop().expect("a frame");
    assert_eq!(told["event"]["user"], deleted(&bob));
    assert_eq!(told["cursor"], Value::Null);

    let everywhere = format!(
        "query($c: ID!, $u: ID!) {{ user(id: $u) {{ {PERSON} }}
            presence(userIds: [$u]) {{ lastSeen }} conversation(id: $c) {{ participants {{ nodes {{
            user {{ {PERSON} }} }} }} }} messages(conversationId: $c) {{ nodes {{ sender {{ {PERSON} }}
            mentions {{ {PERSON} }} replyTo {{ sender {{ {PERSON} }} }} system {{ targets {{ {PERSON} }} }} }} }} }}"
    );
    // Through every node.
    for _ in server.urls("/graphql") {
        let asked_at = Instant::now();
        loop {
            let all = ann.get(&everywhere, json!({ "c": chat, "u": bob.user })).await;
            let text = all.to_string();
            if !text.contains(r#""bob""#) && all["presence"][0]["lastSeen"].is_null() {
                assert_eq!(all["user"], deleted(&bob));
                // The user themselves, as participant, sender, mentioned and quoted; and as an added member.
                assert!(text.matches("Deleted user").count() >= 5, "{text}");
                break;
            }
            assert!(asked_at.elapsed() < SOON, "{text}");
            sleep(Duration::from_millis(20)).await;
        }
    }
    // What was rendered before is rendered anew.
    let mut again = Socket::connect(&server, &ann).await;
    again.subscribe("named", &inbox(), json!({ "after": first["cursor"] })).await;
    let replayed = again.frames_until("Drained").await;
    let text = Value::from(replayed).to_string();
    assert!(text.contains("Deleted user") && !text.contains(r#""bob""#), "{text}");

    let begun = Instant::now();
    for _ in server.urls("/graphql") {
        while code(&bob.ask("{ me { id } }", json!({})).await) != Some("UNAUTHENTICATED") {
            assert!(begun.elapsed() < PATIENCE, "refused in time");
            sleep(Duration::from_millis(20)).await;
        }
    }
    let body = json!({ "username": "bob", "displayName": "Bob", "avatarUrl": null });
    let back = admin.administer(&server, "PUT", &format!("/users/{}", bob.user), body).await;
    assert_eq!(back.status(), 409, "an erasure is for good");
    let chat = ann.ask(
        "mutation($i: CreateConversationInput!) { createConversation(input: $i) { id } }",
        json!({ "i": { "kind": "GROUP", "participantIds": [bob.user], "clientConversationId": uuid::Uuid::new_v4() } }),
    );
    assert_eq!(code(&chat.await), Some("NOT_FOUND"), "nobody brings an erased user into a conversation");
}
