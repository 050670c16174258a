//! Bans and revocations: who has either is served nothing more, on no node.

use musclemap_tests::acts::{admin, people};
use musclemap_tests::client::code;
use musclemap_tests::process::PATIENCE;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

/// From the record to the last socket.
const SOON: Duration = Duration::from_secs(5);
const ME: &str = "{ me { id } }";

/// Waits until every ingest refuses the client, or serves it again.
async fn wait_until(client: &Client, server: &System, is_served: bool, within: Duration) {
    let begun = Instant::now();
    for _ in server.urls("/graphql") {
        // Another log-in would be another client: each clone goes on where the last one was.
        while (code(&client.ask(ME, json!({})).await).is_none()) != is_served {
            assert!(begun.elapsed() < within, "served: {is_served}, in time");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_banned_user_loses_sockets_and_requests_until_the_ban_ends() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let admin = admin(&server).await;
    let chat = ann.create("GROUP", &[&bob]).await;
    let mut sockets = Vec::new();
    for url in server.socket_urls() {
        sockets.push(Socket::try_connect(&url, &ann).await.expect("a socket"));
    }
    sockets[0].inbox(None).await;
    let mut others = Socket::connect(&server, &bob).await;
    others.inbox(None).await;

    let ban = format!("/users/{}/ban", ann.user);
    admin.administered(&server, "PUT", &ban, json!({})).await;
    for socket in &mut sockets {
        assert_eq!(socket.closed_within(SOON).await, 4403);
    }
    wait_until(&ann, &server, false, SOON).await;
    assert_eq!(code(&ann.ask(ME, json!({})).await), Some("UNAUTHENTICATED"));
    let again = Client::login(&server, "ann").await;
    assert_eq!(code(&again.ask(ME, json!({})).await), Some("UNAUTHENTICATED"), "a new token changes nothing");
    for url in server.socket_urls() {
        assert!(Socket::try_connect(&url, &ann).await.is_none(), "a new socket");
    }
    // Others go on, also in a conversation with the banned user.
    let sent = bob.send(&chat, "still here").await;
    others.frame_with(&sent["id"]).await;

    admin.administered(&server, "DELETE", &ban, Value::Null).await;
    wait_until(&ann, &server, true, PATIENCE).await;
    assert_eq!(ann.history(&chat).await.len(), 1);
    admin.administered(&server, "PUT", &ban, json!({ "until": "2001-01-01T00:00:00Z" })).await;
    assert_eq!(code(&ann.ask(ME, json!({})).await), None, "a ban that has ended");
}

#[tokio::test]
async fn a_revocation_ends_the_tokens_and_sockets_that_were_there_before_it() {
    let server = System::start().await;
    let [ann, bob] = people(&server, ["ann", "bob"]).await;
    let admin = admin(&server).await;
    let mut socket = Socket::connect(&server, &ann).await;
    socket.inbox(None).await;
    // Tokens are issued to the second: those of this second end too.
    let now = jiff::Timestamp::now();
    admin
        .administered(&server, "PUT", &format!("/users/{}/revocation", ann.user), json!({ "notBefore": now }))
        .await;
    assert_eq!(socket.closed_within(SOON).await, 4403);
    wait_until(&ann, &server, false, SOON).await;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let again = Client::login(&server, "ann").await;
        if code(&again.ask(ME, json!({})).await).is_none() {
            break;
        }
        assert!(Instant::now() < deadline, "a new token in time");
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(code(&ann.ask(ME, json!({})).await), Some("UNAUTHENTICATED"));
    assert_eq!(code(&bob.ask(ME, json!({})).await), None);
}
