//! Every role in one process, over the embedded log and tables.

use std::sync::Arc;

use anyhow::Result;
use fanout::cursor::CursorKey;
use graphql::Origins;
use graphql::auth::Authenticator;
use ingest::Ingest;
use platform::runner;
use roles::{Access, Process, http};
use schemas::ConversationKey;
use schemas::control::RULES;
use tokio::net::TcpListener;

use crate::flags::Flags;
use crate::secrets::Secrets;

/// Starts the roles; gives the ingest, for whoever asks something from within.
pub async fn start(process: &mut Process, listener: TcpListener, flags: &Flags) -> Result<Arc<Ingest>> {
    let secrets = Secrets::load(&flags.data_dir)?;
    operator::policy::apply(&*process.log, &*process.tables, flags.policy.as_deref()).await?;
    // Nobody else runs an older build.
    operator::control::apply_rules(&*process.log, RULES).await?;

    process.accounts(runner::Options::default());
    process.conversations(runner::Options::default());
    process.profiles();
    let authenticator = Arc::new(Authenticator::development(&secrets.tokens));
    let dev_login = flags.dev_login;
    let access = Access { authenticator, dev_login, origins: Origins::new(vec![], dev_login) };
    let options = ingest::Options { limits: flags.limits(), ..ingest::Options::default() };
    let api = process.api(ConversationKey::new(secrets.conversations), options).await?;
    let cursors = CursorKey::new(secrets.cursors);
    let sockets = process.sockets(&api, &access, cursors, flags.fanout()).await?;
    let requests = process.requests(&api, &access);
    process.serve("http", listener, http::split(sockets, requests), flags.serving()?);
    Ok(api.ingest)
}
