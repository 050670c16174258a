//! The profiles processor as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("profiles", async |process, _| {
        process.profiles();
        Ok(())
    })
    .await
}
