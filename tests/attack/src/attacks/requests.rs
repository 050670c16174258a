//! Attacks by requests, one after the other, whose answers are read.

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Inputs, count};
use crate::ground::{Account, Ground};

/// Costs almost what a document may.
pub const ADMITTED: &str = "{ conversations(first: 20) { nodes { id title participants(first: 20) { nodes { role user { id username displayName } } } lastMessage { id content sender { username } } } } }";

/// Lists in lists: more than any answer may cost.
const COSTLY: &str = "{ conversations(first: 50) { nodes { participants(first: 50) { nodes { user { id username displayName } role } } } } }";

/// The head of a request with a body of `bytes` bytes.
pub fn head(account: &Account, bytes: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n",
        account.token
    )
}

pub fn body(document: &str, variables: &Value) -> String {
    json!({ "query": document, "variables": variables }).to_string()
}

/// Asks over and over, from the address of the worker's account; what differs is made for each request.
pub async fn ask(
    ground: &Ground,
    worker: usize,
    inputs: &Inputs,
    mut next: impl FnMut(u64) -> (String, String, Value),
) -> Result<()> {
    let account = ground.account(worker);
    let http = reqwest::Client::builder().local_address(Some(account.address.into())).build()?;
    let url = format!("http://{}/graphql", ground.http);
    for number in 0.. {
        let (token, document, variables) = next(number);
        let request = http.post(&url).bearer_auth(token).header("content-type", "application/json");
        request.body(body(&document, &variables)).send().await?.bytes().await?;
        count(inputs);
    }
    Ok(())
}

/// Forged tokens: without an algorithm, with others' keys, with a part of another.
pub async fn forged_tokens(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let account = ground.account(worker).clone();
    let other = ground.other(worker).clone();
    ask(&ground, worker, &inputs, |number| {
        let parts: Vec<&str> = account.token.split('.').collect();
        let others: Vec<&str> = other.token.split('.').collect();
        let forged = match number % 5 {
            0 => format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), parts[1]),
            1 => format!("{}.{}.{}", parts[0], others[1], parts[2]),
            2 => format!("{}.{}.{}", parts[0], parts[1], others[2]),
            3 => format!("{}.{}", account.token, number),
            _ => "a".repeat(8_000),
        };
        (forged, "{ credits { balanceMilli } }".to_owned(), json!({}))
    })
    .await
}

/// Documents that are refused for their cost.
pub async fn costly(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    always(&ground, worker, &inputs, COSTLY).await
}

/// Documents that are not.
pub async fn admitted(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    always(&ground, worker, &inputs, ADMITTED).await
}

async fn always(ground: &Ground, worker: usize, inputs: &Inputs, document: &str) -> Result<()> {
    let token = ground.account(worker).token.clone();
    // Each is another text, so that no cache of documents helps.
    ask(ground, worker, inputs, |number| (token.clone(), format!("{document} # {number}"), json!({}))).await
}

/// Asks who there is.
pub async fn look_ups(ground: Ground, worker: usize, inputs: Inputs) -> Result<()> {
    let token = ground.account(worker).token.clone();
    let document = "query($id: ID!) { user(id: $id) { username } }";
    ask(&ground, worker, &inputs, |number| {
        (token.clone(), document.to_owned(), json!({ "id": format!("u{number}") }))
    })
    .await
}
