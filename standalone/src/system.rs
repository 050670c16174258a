//! Every role in one process, over the embedded log and tables.

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context, Result};
use embedded::Store;
use fanout::cursor::CursorKey;
use graphql::auth::Authenticator;
use ingest::Ingest;
use platform::clock::{Clock, SystemClock};
use platform::runner;
use roles::{Access, Process, http};

use crate::flags::Flags;
use crate::secrets::Secrets;

pub struct System {
    pub ingest: Arc<Ingest>,
    process: Process,
    /// Closed last: it syncs what everyone else has written.
    _store: Store,
}

impl System {
    pub async fn start(flags: &Flags) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        std::fs::create_dir_all(&flags.data_dir)
            .with_context(|| format!("cannot make {}", flags.data_dir.display()))?;
        let listener = http::bind(flags.listen).await?;
        let admin = http::bind(flags.admin()).await?;
        let store = Store::open(&flags.data_dir, clock.clone())?;
        let secrets = Secrets::load(&flags.data_dir)?;
        let mut process = Process::new(store.log(), store.tables(), clock);
        operator::policy::apply(&*process.log, &*process.tables, flags.policy.as_deref()).await?;

        process.admin(admin);
        process.accounts(runner::Options::default());
        process.conversations(runner::Options::default());
        process.profiles();
        let authenticator = Arc::new(Authenticator::development(&secrets.tokens));
        let access = Access { authenticator, development: flags.is_development() };
        let api = process.api(ingest::Options::default());
        let cursors = CursorKey::new(secrets.cursors);
        let sockets = process.sockets(&api, &access, cursors, fanout::Options::default()).await?;
        let requests = process.requests(&api, &access);
        process.serve("http", listener, http::split(sockets, requests));
        process.started();
        Ok(Self { ingest: api.ingest, process, _store: store })
    }

    /// Waits until `until` is there, or a role ends, which none should.
    pub async fn watch(&mut self, until: impl Future<Output = ()>) -> Result<()> {
        self.process.watch(until).await
    }

    pub async fn drain(self) -> Result<()> {
        let Self { process, _store, .. } = self;
        process.drain().await
    }
}
