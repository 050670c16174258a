//! The search-index processor as a process of its own.

use anyhow::Context;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("search-index", async |process, config| {
        let search = config.search()?.context("search.url is not given")?;
        process.search_index(search);
        Ok(())
    })
    .await
}
