//! Attacks on sockets, by frames written by hand.

use anyhow::Result;
use serde_json::json;
use tests::frames::{client_text, shake_hands};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Inputs, count};
use crate::ground::{Account, Ground, connect};

/// Sockets that one worker tries to hold at once.
const HELD: usize = 50;
/// Frames that are written at once.
const AT_ONCE: usize = 1_000;
/// A masked continuation frame without content.
const EMPTY: [u8; 6] = [0x00, 0x80, 0, 0, 0, 0];
/// Bytes of an operation's document: below what a frame may have.
const DOCUMENT: usize = 60_000;

/// A socket that has shaken hands.
async fn open(account: &Account, ground: &Ground) -> Result<TcpStream> {
    let mut stream = connect(account, ground.sockets).await?;
    shake_hands(&mut stream, ground.sockets).await?;
    Ok(stream)
}

fn init(account: &Account) -> Vec<u8> {
    let payload = json!({ "authorization": format!("Bearer {}", account.token) });
    client_text(&json!({ "type": "connection_init", "payload": payload }).to_string())
}

/// As many sockets of one account as there may be, and more.
pub async fn many(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    // All workers are one user.
    let account = ground.account(0);
    let mut held = Vec::new();
    for _ in 0..HELD {
        let mut stream = open(account, &ground).await?;
        stream.write_all(&init(account)).await?;
        count(&inputs);
        held.push(stream);
    }
    // The others are held until this one ends.
    let place = worker % held.len();
    let mut rest = [0; 4_096];
    while held[place].read(&mut rest).await? > 0 {}
    Ok(())
}

/// Operations with the longest ids, and documents as large as a frame may be.
pub async fn large_operations(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker);
    let mut stream = open(account, &ground).await?;
    stream.write_all(&init(account)).await?;
    let padding = "#".repeat(DOCUMENT);
    for number in 0.. {
        let query = format!("subscription {{ inbox {{ cursor }} }} {padding}");
        let payload = json!({ "query": query });
        let message = json!({ "type": "subscribe", "id": format!("{number:0>128}"), "payload": payload });
        stream.write_all(&client_text(&message.to_string())).await?;
        count(&inputs);
    }
    Ok(())
}

/// Frames without content on a socket that has shown no token.
pub async fn frames_before_init(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let stream = open(ground.account(worker), &ground).await?;
    frames(stream, &inputs).await
}

/// The same on a socket that has.
pub async fn frames_after_init(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker);
    let mut stream = open(account, &ground).await?;
    stream.write_all(&init(account)).await?;
    frames(stream, &inputs).await
}

/// The beginning of a text, and continuations that never end it.
async fn frames(mut stream: TcpStream, inputs: &Inputs) -> Result<()> {
    stream.write_all(&[0x01, 0x80, 0, 0, 0, 0]).await?;
    let many = EMPTY.repeat(AT_ONCE);
    loop {
        stream.write_all(&many).await?;
        count(inputs);
    }
}
