//! Attacks on sockets, over connections of a shard, each bounded.

use std::fmt::Write;

use graphql::Viewer;
use serde_json::json;

use super::*;
use crate::Options;
use crate::hub::tests::world::user;
use crate::protocol::MAX_ID_BYTES;
use crate::subscription::tests::stage::Client;

/// An empty continuation of a text.
fn nothing() -> Vec<u8> {
    frame(0x00, b"")
}

fn large(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat()
}

fn subscribe(id: &str, query: &str) -> Vec<u8> {
    large(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } }).to_string())
}

/// What the server sends until it closes, though a client goes on sending; it may be reset then.
async fn flooded(client: &mut TcpStream, with: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    let (mut read, mut write) = client.split();
    let flood = async { while write.write_all(with).await.is_ok() {} };
    let end = async {
        let _ = read.read_to_end(&mut bytes).await;
    };
    let both = async {
        tokio::join!(flood, end);
    };
    timeout(PATIENCE, both).await.expect("an end");
    bytes
}

#[test]
fn empty_frames_count_and_keep_no_other_socket_waiting() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        let mut other = stage.comes().await;
        for flood in [nothing(), frame(0x8a, b""), frame(0x89, b"")] {
            let mut attacker = stage.connects().await;
            attacker.write_all(&frame(0x01, b"{")).await.unwrap();
            let flooding = flood.repeat(10_000);
            let attack = flooded(&mut attacker, &flooding);
            let asks = async {
                let start = Instant::now();
                other.says(&json!({ "type": "ping" })).await;
                assert_eq!(other.hears().await.unwrap()["type"], "pong");
                start.elapsed()
            };
            let (said, took) = tokio::join!(attack, asks);
            assert!(took < AT_ONCE, "{took:?}");
            let overloaded = close(CloseCode::Overloaded);
            assert!(said.windows(overloaded.len()).any(|part| part == overloaded), "{}", said.len());
        }
    });
}

#[test]
fn before_its_init_a_socket_may_send_few_frames_and_bytes() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        for flood in [
            [frame(0x01, b"{"), nothing().repeat(10)].concat(),
            frame(0x89, b"").repeat(9),
            says(br#"{"type":"ping"}"#).repeat(9),
            large(&"x".repeat(17_000)),
        ] {
            let mut client = stage.opens().await;
            client.write_all(&flood).await.unwrap();
            let said = to_its_end(&mut client).await;
            assert!(said.ends_with(&close(CloseCode::Overloaded)), "{}", said.len());
        }
    });
}

#[test]
fn a_user_has_so_many_sockets_and_no_more() {
    staged(async {
        let stage = Stage::with(World::new(), Options { sockets_per_user: 2, ..Options::default() }).await;
        let init = |name: &str| {
            let token = stage.shard.authenticator.issue(&user(name), vec![], None, stage.node.now()).unwrap();
            let payload = json!({ "authorization": format!("Bearer {token}") });
            large(&format!("{:<200}", json!({ "type": "connection_init", "payload": payload }).to_string()))
        };
        let acknowledged = text(&ServerMessage::ConnectionAck.to_text());
        let comes = async |name: &str| {
            let mut client = stage.opens().await;
            client.write_all(&init(name)).await.unwrap();
            let mut said = vec![0; acknowledged.len()];
            timeout(PATIENCE, client.read_exact(&mut said)).await.expect("in time").unwrap();
            (said == acknowledged).then_some(client)
        };
        let first = comes("ann").await.unwrap();
        let _second = comes("ann").await.unwrap();
        let mut third = stage.opens().await;
        third.write_all(&init("ann")).await.unwrap();
        assert_eq!(to_its_end(&mut third).await, close(CloseCode::TooManySockets));
        let _other = comes("bob").await.unwrap();
        drop(first);
        let again = async { while comes("ann").await.is_none() {} };
        timeout(PATIENCE, again).await.expect("room once another is closed");
    });
}

#[test]
fn an_id_has_at_most_128_bytes() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        let mut client = stage.connects().await;
        client.write_all(&subscribe(&"i".repeat(MAX_ID_BYTES), "{ a }")).await.unwrap();
        client.write_all(&subscribe(&"i".repeat(MAX_ID_BYTES + 1), "{ a }")).await.unwrap();
        assert!(to_its_end(&mut client).await.ends_with(&close(CloseCode::BadRequest)));
    });
}

#[test]
fn what_operations_keep_is_bounded_by_socket_and_by_user() {
    staged(async {
        let options = Options { bytes_per_socket: 2_000, bytes_per_user: 3_000, ..Options::default() };
        let stage = Stage::with(World::new(), options).await;
        let inbox = |id| subscribe(id, &format!("subscription {{ inbox {{ cursor }} }} #{:>1000}", ""));
        let mut client = stage.connects().await;
        client.write_all(&[inbox("1"), inbox("2")].concat()).await.unwrap();
        assert!(to_its_end(&mut client).await.ends_with(&close(CloseCode::Overloaded)), "of a socket");
        let mut clients = vec![];
        for _ in 0..2 {
            let mut client = stage.connects().await;
            client.write_all(&inbox("1")).await.unwrap();
            assert_ne!(client.read_u8().await.unwrap(), 0x88, "it is live");
            clients.push(client);
        }
        let mut third = stage.connects().await;
        third.write_all(&inbox("1")).await.unwrap();
        assert_eq!(to_its_end(&mut third).await, close(CloseCode::Overloaded), "of a user");
    });
}

#[test]
fn errors_and_pongs_are_not_larger_than_they_have_to_be() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        let mut query = String::from("query(");
        for number in 0..500 {
            write!(query, "$v{number}: {}, ", "T".repeat(100)).unwrap();
        }
        query.push_str(") { me { id } }");
        let long = "x".repeat(60_000);
        let asks = |query: &str| json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
        for said in [
            asks(&query),
            asks(&long),
            asks(&format!("{{ {long} }}")),
            asks(&format!("{{ {long}: me {{ id }} }}")),
            asks(&format!("{{ me(a: \"{long}\") {{ id }} }}")),
            json!({ "type": "ping", "payload": { "x": long } }),
        ] {
            let mut client = stage.comes().await;
            client.says(&said).await;
            let answer = client.hears().await.unwrap().to_string();
            assert!(answer.len() < 10_000, "{} bytes", answer.len());
        }
    });
}

#[test]
fn whoever_reads_too_slowly_is_closed() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        let reading = Reading { within: Duration::from_millis(100), bytes_per_second: 1_000_000_000 };
        let (client, connection) = stage.stands(reading).await;
        connection.admit(Viewer::plain(user("ann")), uuid::Uuid::nil(), PATIENCE).unwrap();
        connection.outbox.write(&text(&"x".repeat(16 * 1024 * 1024)));
        let begun = Instant::now();
        connection.serve(&[]).await;
        assert!(begun.elapsed() < Reading::default().within, "{:?}", begun.elapsed());
        drop(client);
    });
}

/// Reads up to the next event of a kind.
async fn until(client: &mut Client, kind: &str) {
    while client.hears().await.expect("an open socket")["payload"]["data"]["inbox"]["event"]["__typename"]
        != kind
    {}
}

#[test]
fn what_one_turn_puts_together_for_a_socket_is_bounded() {
    const OPERATIONS: usize = 100;
    staged(async {
        let mut world = World::new();
        world.opens("k1", &["ann", "bob"]);
        let mut stage = Stage::with(world, Options::default()).await;
        stage.enters();
        stage.has_rows_of_ann();
        let (client, connection) = stage.stands(Reading::default()).await;
        connection.admit(Viewer::plain(user("ann")), uuid::Uuid::nil(), PATIENCE * 10).unwrap();
        let served = connection.clone();
        tokio::task::spawn_local(async move { served.serve(&[]).await });
        let mut ann = Client::on(client).await;
        for number in 0..OPERATIONS {
            ann.subscribes(&number.to_string(), None).await;
            until(&mut ann, "Drained").await;
        }
        // More than the kernel takes of what nobody reads.
        stage.world.says("k1", "bob", &"x".repeat(200_000));
        stage.enters();
        let blocked = async {
            while connection.outbox.waiting() == 0 {
                tokio::task::yield_now().await
            }
        };
        timeout(PATIENCE, blocked).await.expect("the kernel takes no more");
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
            assert!(connection.outbox.waiting() < 1_000_000, "{} bytes wait", connection.outbox.waiting());
        }
        for _ in 0..OPERATIONS {
            until(&mut ann, "MessageCreated").await;
        }
    });
}
