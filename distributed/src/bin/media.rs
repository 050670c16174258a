//! The media processor as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("media", async |process, config| {
        process.media(&config.files()?);
        Ok(())
    })
    .await
}
