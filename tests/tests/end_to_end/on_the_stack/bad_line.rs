//! A client whose packets are lost: it waits for them, or comes back; nobody else does.

use musclemap_tests::wire::Wire;
use musclemap_tests::{Client, Socket, System};
use serde_json::Value;

#[tokio::test]
async fn what_a_bad_line_loses_comes_once_and_keeps_nobody_else_waiting() {
    let system = System::start().await;
    let (ann, bob) = (Client::login(&system, "ann").await, Client::login(&system, "bob").await);
    let chat = bob.create("DIRECT", &[&ann]).await;
    let wire = Wire::to(&system.socket_url()).await;
    let mut far = Socket::try_connect(&wire.url, &ann).await.expect("a socket");
    let mut near = Socket::connect(&system, &ann).await;
    far.inbox(None).await;
    near.inbox(None).await;
    // Whoever has a good line hears each at once.
    let mut says_ten = async || {
        let mut sent = vec![];
        for number in 0..10 {
            let message = bob.send(&chat, &number.to_string()).await;
            near.frame_with(&message["id"]).await;
            sent.push(message["id"].clone());
        }
        sent
    };

    wire.hold();
    let sent = says_ten().await;
    wire.release();
    let mut cursor = Value::Null;
    for id in &sent {
        let heard = far.frames_until("MessageCreated").await;
        let last = &heard[heard.len() - 1];
        assert_eq!(last["event"]["message"]["id"], *id, "in order");
        cursor = last["cursor"].clone();
    }

    wire.hold();
    let sent = says_ten().await;
    wire.cut();
    assert!(far.hear().await.is_err(), "nothing comes through any more");
    let mut back = Socket::connect(&system, &ann).await;
    let frames = back.inbox(cursor.as_str()).await;
    let heard = frames.iter().map(|frame| &frame["event"]["message"]["id"]);
    let heard: Vec<&Value> = heard.filter(|id| !id.is_null()).collect();
    assert_eq!(heard, sent.iter().collect::<Vec<_>>());
}
