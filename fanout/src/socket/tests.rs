//! The closing handshake (RFC 6455, 7), over connections of a shard.

mod floods;

use std::time::{Duration, Instant};

use platform::connections::Reading;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frames::{close, close_echo, pong, text};
use crate::hub::tests::world::World;
use crate::protocol::{CloseCode, ServerMessage};
use crate::subscription::tests::stage::{Stage, staged};

const PATIENCE: Duration = Duration::from_secs(20);
/// Well within the deadline that ends a socket whose client is silent.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A client's frame, masked with zeros, which change nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

fn closes(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(0x88, &[&code.to_be_bytes()[..], reason].concat())
}

fn says(text: &[u8]) -> Vec<u8> {
    frame(0x81, text)
}

/// All that the server sends until it closes the connection, which the client keeps open.
async fn to_its_end(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![];
    timeout(PATIENCE, client.read_to_end(&mut bytes)).await.expect("an end").expect("no reset");
    bytes
}

#[test]
fn a_socket_is_closed_at_once_and_with_the_right_code() {
    let says_pong = || text(&ServerMessage::Pong { payload: None }.to_text());
    let wrong = || close(CloseCode::ProtocolError);
    let cases = [
        ("a code", closes(1000, b""), close_echo(Some(1000))),
        ("a code and a reason", closes(1001, "tschüß".as_bytes()), close_echo(Some(1001))),
        ("a code of an application", closes(4999, b"bye"), close_echo(Some(4999))),
        ("nothing", frame(0x88, b""), close_echo(None)),
        ("a code that is none", closes(0, b""), wrong()),
        ("a code too low", closes(999, b""), wrong()),
        ("a reserved code", closes(1004, b""), wrong()),
        ("no code", closes(1005, b""), wrong()),
        ("no end", closes(1006, b""), wrong()),
        ("no TLS", closes(1015, b""), wrong()),
        ("a code too high", closes(5000, b""), wrong()),
        ("half a code", frame(0x88, &[3]), wrong()),
        ("a reason that is no text", closes(1000, &[0xff]), close(CloseCode::NotText)),
        (
            "what was asked before is answered before",
            [frame(0x89, b"here"), says(br#"{"type":"ping"}"#), closes(1000, b"")].concat(),
            [pong(b"here"), says_pong(), close_echo(Some(1000))].concat(),
        ),
        ("inside a message", [frame(0x01, b"{"), closes(1000, b"")].concat(), close_echo(Some(1000))),
        (
            "a ping inside a message",
            [frame(0x01, br#"{"type":"#), frame(0x89, b"?"), frame(0x80, br#""ping"}"#), closes(1000, b"")]
                .concat(),
            [pong(b"?"), says_pong(), close_echo(Some(1000))].concat(),
        ),
        (
            "data behind it",
            [closes(1000, b""), says(b"late"), vec![0xff; 3_000]].concat(),
            close_echo(Some(1000)),
        ),
        ("twice", closes(1000, b"").repeat(2), close_echo(Some(1000))),
        ("an unmasked frame", text("hello"), wrong()),
        ("reserved bits", frame(0xc1, b"x"), wrong()),
        ("a reserved opcode", frame(0x83, b"x"), wrong()),
        ("a fragmented ping", frame(0x09, b"x"), wrong()),
        ("a continuation of nothing", frame(0x80, b"x"), wrong()),
        ("a text that is not UTF-8", says(&[0xc3, 0x28]), close(CloseCode::NotText)),
        (
            "the server's reason comes first",
            [says(b"nothing of the protocol"), closes(1000, b"")].concat(),
            close(CloseCode::BadRequest),
        ),
    ];
    staged(async {
        let stage = Stage::new(World::new()).await;
        for (name, sent, expected) in cases {
            let mut client = stage.connects().await;
            let start = Instant::now();
            client.write_all(&sent).await.unwrap();
            assert_eq!(to_its_end(&mut client).await, expected, "{name}");
            assert!(start.elapsed() < AT_ONCE, "{name}: {:?}", start.elapsed());
        }
    });
}

/// The server has closed, and waits for the client's Close frame alone.
#[test]
fn the_server_waits_for_the_clients_close_and_no_longer() {
    staged(async {
        let stage = Stage::new(World::new()).await;
        for answer in [closes(4400, b""), frame(0x88, b""), closes(1005, b"")] {
            let mut client = stage.connects().await;
            client.write_all(&says(b"nothing of the protocol")).await.unwrap();
            let reason = close(CloseCode::BadRequest);
            let mut told = vec![0; reason.len()];
            timeout(PATIENCE, client.read_exact(&mut told)).await.expect("in time").unwrap();
            assert_eq!(told, reason);
            // What comes now is ignored, but does not end the wait.
            client.write_all(&[says(br#"{"type":"ping"}"#), frame(0x89, b"?")].concat()).await.unwrap();
            let early = timeout(Duration::from_millis(50), client.read_u8()).await;
            assert!(early.is_err(), "{early:?}");
            let start = Instant::now();
            client.write_all(&answer).await.unwrap();
            assert_eq!(to_its_end(&mut client).await, b"");
            assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
        }
        // A client that never answers is closed all the same.
        let mut silent = stage.connects().await;
        silent.write_all(&says(b"nothing of the protocol")).await.unwrap();
        assert_eq!(to_its_end(&mut silent).await, close(CloseCode::BadRequest));
    });
}
