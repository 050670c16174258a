//! The search-index processor as a process of its own.

use anyhow::Context;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("search-index", async |process, _| {
        let search = process.search.clone().context("search.url is not given")?;
        process.search_index(search);
        Ok(())
    })
    .await
}
