//! A visit to a node as its client sees it: handshake, init, subscription, what was missed. The client is
//! one of ours, which says each at once and waits for the answer, so nothing that it says is looked at.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use anyhow::{Result, ensure};
use tests::frames::server_text;

use super::{ACCEPTED, WRITE_WITHIN};

const UPGRADED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
/// What a node says once everything that was missed is sent.
const DRAINED: &str = r#"{"type":"next","id":"inbox","payload":{"data":{"inbox":{"event":{"replayed":0}}}}}"#;

/// Takes in the next client, and says to it what it has missed, in one write.
pub fn welcome(listener: &TcpListener, missed: &[String]) -> Result<TcpStream> {
    let (mut client, _) = listener.accept()?;
    client.set_nodelay(true)?;
    client.set_write_timeout(Some(WRITE_WITHIN))?;
    client.set_read_timeout(Some(WRITE_WITHIN))?;
    hear(&mut client)?;
    client.write_all(UPGRADED)?;
    hear(&mut client)?;
    client.write_all(&server_text(ACCEPTED))?;
    hear(&mut client)?;
    let told = missed.iter().map(String::as_str).chain([DRAINED]);
    client.write_all(&told.flat_map(server_text).collect::<Vec<_>>())?;
    Ok(client)
}

fn hear(client: &mut TcpStream) -> Result<()> {
    ensure!(client.read(&mut [0; 4096])? > 0, "the client has gone");
    Ok(())
}

/// Waits until a client has gone.
pub fn part(mut client: TcpStream) -> Result<()> {
    ensure!(client.read(&mut [0; 4096])? == 0, "a client says something more");
    Ok(())
}
