//! A fan-out node as a process of its own: the API over sockets.

use roles::http;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("fanout", async |process, config| {
        let listener = http::bind(config.http.listen)?;
        let access = distributed::access(process, config)?;
        process.standing(access.standings());
        let (ephemeral, services) = (distributed::ephemeral(process, config)?, config.services()?);
        let api = process
            .api(ephemeral, services, config.deployment_keys()?, &config.links()?, &access, config.ingest())
            .await?;
        let sockets = process.sockets(&api, &access, config.cursor_key()?, config.fanout()).await?;
        process.serve("http", listener, sockets, config.serving()?);
        Ok(())
    })
    .await
}
