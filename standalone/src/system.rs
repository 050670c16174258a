//! Every role in one process, over the embedded log and tables.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use fanout::cursor::CursorKey;
use graphql::auth::Authenticator;
use graphql::{Origins, VapidPublicKey};
use ingest::Ingest;
use ingest::web::{Files, Setting, Web};
use platform::in_process::InProcess;
use platform::runner;
use roles::{Access, DeploymentKeys, Process, Services, http};
use schemas::ConversationKey;
use schemas::control::RULES;
use tokio::net::TcpListener;

use crate::demo;
use crate::flags::Flags;
use crate::secrets::Secrets;

/// What the process uses of its own API once it runs.
pub struct Inside {
    pub ingest: Arc<Ingest>,
    pub authenticator: Arc<Authenticator>,
    /// The API, as clients have it.
    pub requests: Router,
    /// Whether the web client is served.
    pub has_web: bool,
}

/// Starts the roles.
pub async fn start(process: &mut Process, listener: TcpListener, flags: &Flags) -> Result<Inside> {
    let secrets = Secrets::load(&flags.data_dir)?;
    operator::policy::apply(&*process.log, &*process.tables, flags.policy.as_deref()).await?;
    // Nobody else runs an older build.
    operator::control::apply_rules(&*process.log, RULES).await?;

    process.accounts(runner::Options::default());
    process.conversations(runner::Options::default());
    process.profiles();
    let files = flags.files()?;
    process.media(&files);
    let search = flags.search()?;
    process.search_index(search.clone());
    let authenticator = Arc::new(Authenticator::development(&secrets.tokens));
    let dev_login = flags.dev_login;
    let access =
        Access { authenticator: authenticator.clone(), dev_login, origins: Origins::new(vec![], dev_login) };
    process.standing(access.standings());
    process.notifier(flags.pushes(secrets.vapid)?, access.standings())?;
    let options = ingest::Options { limits: flags.limits(), ..ingest::Options::default() };
    let vapid = Some(VapidPublicKey::of(&secrets.vapid)?);
    let keys = DeploymentKeys { conversations: ConversationKey::new(secrets.conversations), vapid };
    let ephemeral = Arc::new(InProcess::default());
    process.link_preview(&flags.preview_development(), ephemeral.clone(), &files)?;
    let services =
        Services { search: Some(search), translation: flags.translation()?, ..Services::default() };
    let api = process.api(ephemeral, services, keys, &files, &access, options).await?;
    let cursors = CursorKey::new(secrets.cursors);
    let sockets = process.sockets(&api, &access, cursors, flags.fanout()).await?;
    let requests = process.requests(&api, &access);
    let web = flags.web.as_deref().map(|folder| web(folder, flags)).transpose()?;
    let has_web = web.as_ref().is_some_and(Web::is_built);
    let all = match web {
        Some(web) => web.beside(requests.clone()),
        None => requests.clone(),
    };
    process.serve("http", listener, http::split(sockets, all), flags.serving()?);
    Ok(Inside { ingest: api.ingest, authenticator, requests, has_web })
}

/// The web client of a folder, whose sockets are where the page is from.
fn web(folder: &Path, flags: &Flags) -> Result<Web> {
    let files = Files::read(folder).context("the web client")?;
    let demo = if flags.demo { demo::users() } else { vec![] };
    Ok(Web::new(files, &Setting { sockets: None, dev_login: flags.dev_login, demo })?)
}
