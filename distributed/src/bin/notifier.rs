//! The notifier as a process of its own.

use std::sync::Arc;

use graphql::Standings;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("notifier", async |process, config| {
        let standings = Arc::<Standings>::default();
        process.standing(standings.clone());
        process.notifier(config.pushes()?, standings)
    })
    .await
}
