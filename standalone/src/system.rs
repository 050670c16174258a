//! Every role, wired together over the embedded log and tables.
//!
//! Invariant: the process is ready when every role is; it ends when any of them does.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use embedded::Store;
use fanout::cursor::CursorKey;
use fanout::socket::Sockets;
use graphql::Reads;
use graphql::auth::Authenticator;
use ingest::http::Http;
use ingest::{Ingest, admin};
use platform::clock::{Clock, SystemClock};
use platform::lifecycle::{Readiness, Tasks};
use platform::ports::{Log, Tables};
use platform::runner::{self, drive};
use platform::{projection, runner::RunnerError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::flags::Flags;
use crate::secrets::Secrets;
use crate::{http, policy};

/// How long what is on its way may take when the process ends.
const DRAIN_WITHIN: Duration = Duration::from_secs(25);

pub struct System {
    pub ingest: Arc<Ingest>,
    tasks: Tasks,
    node: Arc<fanout::Node>,
    stop: CancellationToken,
    /// Closed last: it syncs what everyone else has written.
    _store: Store,
}

impl System {
    pub async fn start(flags: &Flags) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        std::fs::create_dir_all(&flags.data_dir)
            .with_context(|| format!("cannot make {}", flags.data_dir.display()))?;
        let listener = bind(flags.listen).await?;
        let admin_listener = bind(flags.admin()).await?;
        let store = Store::open(&flags.data_dir, clock.clone())?;
        let secrets = Secrets::load(&flags.data_dir)?;
        let (log, tables): (Arc<dyn Log>, Arc<dyn Tables>) = (store.log(), store.tables());
        policy::apply(&*log, &*tables, flags.policy.as_deref()).await?;

        let stop = CancellationToken::new();
        let readiness = Readiness::default();
        let mut tasks = Tasks::new(stop.clone());
        run_processors(&mut tasks, &log, &tables, &clock, &stop);

        let reads = Arc::new(Reads::new(tables.clone()));
        let ingest = Ingest::new(log.clone(), clock.clone(), reads.clone(), ingest::Options::default());
        let latch = readiness.latch("verdicts");
        tasks.spawn("verdicts", ingest.clone().hear_verdicts(latch, stop.clone()));

        let key = CursorKey::new(secrets.cursors);
        let options = fanout::Options::default();
        let node = fanout::Node::new(log, tables, clock.clone(), key, options).await?;
        tasks.spawn("fanout", node.clone().run(stop.clone()));
        let mut caught_up = node.readiness();
        let latch = readiness.latch("fanout");

        let authenticator = Arc::new(Authenticator::development(&secrets.tokens));
        let schema = graphql::schema(reads, ingest.clone());
        let sockets = Sockets::new(node.clone(), schema.clone(), authenticator.clone()).routes();
        let requests = ingest::http::routes(Http {
            schema,
            introspection: flags.is_development().then(graphql::introspection_schema),
            authenticator,
            ingest: ingest.clone(),
            clock,
            development: flags.is_development(),
        });
        tasks.spawn(
            "http",
            http::serve(listener, http::split(sockets, requests), stop.clone().cancelled_owned()),
        );
        let admin = admin::routes(readiness.clone());
        tasks.spawn("admin", http::serve(admin_listener, admin, stop.clone().cancelled_owned()));

        caught_up.wait_for(|ready| *ready).await.context("fan-out ended")?;
        drop(latch);
        Ok(Self { ingest, tasks, node, stop, _store: store })
    }

    /// Waits until `until` is there, or a role ends, which none should.
    pub async fn watch(&mut self, until: impl Future<Output = ()>) -> Result<()> {
        Ok(self.tasks.watch(until).await?)
    }

    /// Tells sockets to come back later, answers what is asked, stores what is decided.
    pub async fn drain(self) -> Result<()> {
        let Self { tasks, node, stop, _store, .. } = self;
        node.draining.cancel();
        stop.cancel();
        Ok(tasks.drain(DRAIN_WITHIN).await?)
    }
}

fn run_processors(
    tasks: &mut Tasks,
    log: &Arc<dyn Log>,
    tables: &Arc<dyn Tables>,
    clock: &Arc<dyn Clock>,
    stop: &CancellationToken,
) {
    let ports = drive::Ports { log: log.clone(), tables: tables.clone(), clock: clock.clone() };
    let options = runner::Options::default();
    tasks.spawn::<RunnerError>("accounts", accounts::serve(ports.clone(), options, stop.clone()));
    tasks.spawn::<RunnerError>("conversations", conversations::serve(ports, options, stop.clone()));
    let ports = projection::Ports { log: log.clone(), tables: tables.clone(), clock: clock.clone() };
    tasks.spawn("profiles", profiles::serve(ports, stop.clone()));
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
