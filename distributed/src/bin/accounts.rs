//! The account machine as a process of its own.

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("accounts", async |process, config| {
        process.accounts(config.runner());
        Ok(())
    })
    .await
}
