//! The link-preview processor as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("link-preview", async |process, config| {
        let ephemeral = distributed::ephemeral(process, config)?;
        process.link_preview(&config.linked_sites()?, ephemeral, &config.files()?)
    })
    .await
}
