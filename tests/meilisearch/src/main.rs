//! The stand-in as a process of its own, for a development stack: `meilisearch-stand-in ADDR:PORT`.

use anyhow::Context;
use meilisearch_stand_in::State;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).context("usage: meilisearch-stand-in ADDR:PORT")?;
    let listener = tokio::net::TcpListener::bind(&address).await.with_context(|| address.clone())?;
    Ok(axum::serve(listener, meilisearch_stand_in::routes(State::default())).await?)
}
