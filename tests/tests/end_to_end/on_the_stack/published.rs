//! What the platform says of a user reaches others' open sockets, and nobody sees what is the user's own.

use musclemap_tests::acts::{admin, people};
use musclemap_tests::process::http;
use musclemap_tests::{Socket, System};
use serde_json::{Value, json};

const EMAIL: &str = "ann.of.green.gables@example.org";

#[tokio::test]
async fn a_change_of_a_user_reaches_those_who_share_a_conversation_and_not_their_own_data() {
    let server = System::start().await;
    let [ann, bob, carl] = people(&server, ["ann", "bob", "carl"]).await;
    let admin = admin(&server).await;
    ann.create("GROUP", &[&bob]).await;
    ann.create("DIRECT", &[&bob]).await;
    carl.create("GROUP", &[&bob]).await;
    let mut sockets = vec![];
    for client in [&ann, &bob, &carl] {
        let mut socket = Socket::connect(&server, client).await;
        socket.inbox(None).await;
        sockets.push(socket);
    }
    let said = json!({ "username": "ann", "displayName": "Ann Shirley", "avatarUrl": "https://example.org/a.png",
        "email": EMAIL, "locale": "fr-CA", "tier": "premium" });
    let path = format!("/users/{}", ann.user);
    admin.administered(&server, "PUT", &path, said).await;
    let user = json!({ "id": ann.user, "displayName": "Ann Shirley" });
    for socket in &mut sockets[..2] {
        // What the platform said first of each user may come before.
        let told = loop {
            let told = socket.frames_until("UserChanged").await.pop().expect("a frame");
            if told["event"]["user"] == user {
                break told;
            }
        };
        assert_eq!(told["cursor"], Value::Null);
    }
    // Their tier is another.
    sockets[0].account_changed("FLAGS").await;
    // Once each, and Carl learns nothing: what comes next is a conversation.
    for client in [&ann, &bob, &carl] {
        client.create("GROUP", &[]).await;
    }
    for socket in &mut sockets {
        let frames = socket.frames_until("ConversationChanged").await;
        assert!(frames.iter().all(|frame| frame["event"]["user"] != user), "{frames:?}");
    }
    for process in &server.processes {
        let metrics = http().get(format!("http://{}/metrics", process.admin)).send().await.expect("metrics");
        let metrics = metrics.text().await.expect("text");
        assert!(metrics.contains("musclemap_") && !metrics.contains(EMAIL) && !metrics.contains("fr-CA"));
    }
}
