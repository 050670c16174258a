//! Ephemeral state is lost, or its server is: messages go on, and presence is right again within a minute.

use std::time::Duration;

use musclemap_tests::acts::{heartbeat, people, set_privacy, set_typing};
use musclemap_tests::client::code;
use musclemap_tests::service::Service;
use musclemap_tests::system::Servers;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::time::{Instant, interval, timeout};

use crate::faults::policy;
use crate::turn;

/// How long presence may be wrong after a loss, and devices' heartbeats.
const RIGHT_WITHIN: Duration = Duration::from_secs(60);
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// How often a message is sent: a user has credits for three hundred.
const SEND_EVERY: Duration = Duration::from_millis(500);

async fn status(viewer: &Client, of: &Client) -> Option<Value> {
    let query = "query($u: [ID!]!) { presence(userIds: $u) { status } }";
    let answer = viewer.ask(query, json!({ "u": [of.user] })).await;
    answer["data"]["presence"][0].get("status").cloned()
}

/// Sends for as long as `until` takes, while a device says that it is there; every send is answered.
async fn under_load<T>(
    sender: &Client,
    chat: &str,
    there: &Client,
    sent: &mut Vec<Value>,
    until: impl Future<Output = T>,
) -> T {
    let (mut beat_at, mut sends) = (Instant::now(), interval(SEND_EVERY));
    tokio::pin!(until);
    loop {
        // A send is never dropped before its answer: it would be stored and not counted.
        tokio::select! {
            done = &mut until => return done,
            _ = sends.tick() => {}
        }
        sent.push(sender.send(chat, &format!("number {}", sent.len())).await["id"].take());
        if beat_at <= Instant::now() {
            let _ = heartbeat(there).await;
            beat_at = Instant::now() + BEAT_EVERY;
        }
    }
}

/// Waits until a frame of an inbox says that a user is in a status.
async fn told(inbox: &mut Socket, of: &Client, status: &str, got: &mut Vec<Value>) {
    loop {
        let mut frame = inbox.frame().await;
        match frame["event"]["__typename"].as_str() {
            Some("MessageCreated") => got.push(frame["event"]["message"]["id"].take()),
            Some("PresenceChanged") => {
                let presence = &frame["event"]["presence"];
                if presence["userId"] == json!(of.user) && presence["status"] == status {
                    return;
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn presence_is_right_within_a_minute_of_a_loss_and_no_message_is_lost() {
    let _turn = turn().await;
    let redis = Service::redis();
    let servers = Servers { redis: redis.address(), ..Servers::shared() };
    let server = System::distributed(&servers, Some(&policy())).await;
    let [ann, bob, carl, dan] = people(&server, ["ann", "bob", "carl", "dan"]).await;
    let chat = ann.create("GROUP", &[&bob, &carl, &dan]).await;
    for user in [&bob, &carl, &dan] {
        set_privacy(user, json!({ "showOnlineStatus": "EVERYONE" })).await;
    }
    let mut inbox = Socket::connect(&server, &ann).await;
    inbox.inbox(None).await;
    let (mut sent, mut got) = (vec![], vec![]);
    heartbeat(&bob).await;
    told(&mut inbox, &bob, "ONLINE", &mut got).await;
    heartbeat(&carl).await;
    told(&mut inbox, &carl, "ONLINE", &mut got).await;

    // Everything is forgotten; of two who were there, one says so again.
    redis.command("FLUSHALL");
    let carl_is_gone = timeout(RIGHT_WITHIN, told(&mut inbox, &carl, "OFFLINE", &mut got));
    let gone = under_load(&bob, &chat, &bob, &mut sent, carl_is_gone).await;
    gone.expect("who does not come back is gone in time");
    assert_eq!(status(&ann, &bob).await, Some(json!("ONLINE")));

    // The server dies, and comes back with nothing.
    redis.kill();
    let refused = async { while code(&set_typing(&ann, &chat, true).await) != Some("UNAVAILABLE") {} };
    under_load(&bob, &chat, &bob, &mut sent, refused).await;
    redis.restart();
    heartbeat_when_it_is_back(&dan).await;
    let dan_is_there = timeout(RIGHT_WITHIN, told(&mut inbox, &dan, "ONLINE", &mut got));
    let there = under_load(&bob, &chat, &bob, &mut sent, async {
        let dans = heartbeats(&dan);
        tokio::select! {
            there = dan_is_there => there,
            () = dans => unreachable!("it goes on"),
        }
    });
    there.await.expect("who is there is seen in time");
    let is_told = async { while status(&ann, &bob).await != Some(json!("ONLINE")) {} };
    let is_told = timeout(RIGHT_WITHIN, is_told);
    under_load(&bob, &chat, &bob, &mut sent, is_told).await.expect("presence is right in time");

    // All that was sent meanwhile has come, once and in order.
    while got.len() < sent.len() {
        let mut frame = inbox.frame().await;
        if frame["event"]["__typename"] == "MessageCreated" {
            got.push(frame["event"]["message"]["id"].take());
        }
    }
    assert_eq!(got[..sent.len()], sent);
}

/// Says again and again that a device is there.
async fn heartbeats(user: &Client) {
    loop {
        heartbeat(user).await;
    }
}

async fn heartbeat_when_it_is_back(user: &Client) {
    while heartbeat(user).await.get("errors").is_some() {}
}
