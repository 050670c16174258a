//! Ingest as a process of its own: the API over HTTP.

use roles::http;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    distributed::run("ingest", async |process, config| {
        let listener = http::bind(config.http.listen)?;
        let access = distributed::access(process, config)?;
        process.standing(access.standings());
        let (ephemeral, services) = (distributed::ephemeral(process, config)?, config.services()?);
        let api = process
            .api(ephemeral, services, config.deployment_keys()?, &config.files()?, &access, config.ingest())
            .await?;
        let requests = process.requests(&api, &access);
        let all = match config.web()? {
            Some(web) => web.beside(requests),
            None => requests,
        };
        process.serve("http", listener, all, config.serving()?);
        Ok(())
    })
    .await
}
