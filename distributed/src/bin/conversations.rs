//! The conversation machine as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("conversations", async |process, config| {
        process.conversations(config.runner());
        Ok(())
    })
    .await
}
