//! The roles of the system, started over whatever log and tables a process stands on: all of them in
//! one process, or one in each.
//!
//! Invariants: a process is ready when each of its roles is; it ends when any of them does, or when it
//! is told to, from its first moment on; what is on its way then is brought to its end, or repeats
//! elsewhere.

pub mod http;
pub mod release;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use awareness::Awareness;
use axum::Router;
use egress::Development;
use fanout::Node;
use fanout::cursor::CursorKey;
use fanout::socket::Sockets;
use graphql::auth::Authenticator;
use graphql::{Admission, Executor, Origins, Reads, Rows, Search, SmartReplies, Standings, VapidPublicKey};
use ingest::admin::Later;
use ingest::admin::v1::{self as admin_api, Platform};
use ingest::http::Http;
use ingest::http::connections::{self, Serving};
use ingest::http::files::Transfers;
use ingest::{Ingest, api};
use link_preview::LinkPreview;
use notifier::Notifier;
use objects::Objects;
use platform::clock::Clock;
use platform::connections::Options as Connections;
use platform::lifecycle::{Lifecycle, Signals};
use platform::ports::{Completions, Ephemeral, Log, Ports, SearchIndex, Tables};
use platform::runner::{self, RunnerError};
use platform::telemetry::consumers::Port;
use schemas::topics::VERDICTS;
use schemas::{ConversationKey, UserId};
use tikv_jemallocator::Jemalloc;
use tokio::net::TcpListener;
use translation::Translations;

/// Keeps what is of one size together: a shard that goes through its sockets finds them side by side.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// How long what is on its way may take when a process ends.
const DRAIN_WITHIN: Duration = Duration::from_secs(25);

/// A process: what it stands on, and what runs in it.
pub struct Process {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub clock: Arc<dyn Clock>,
    pub life: Lifecycle,
    /// The admin API, on the operators' port from when requests are served.
    admin_api: Later,
}

/// Keys of the deployment that answers derive from.
pub struct DeploymentKeys {
    /// Derives ids of conversations.
    pub conversations: ConversationKey,
    /// Absent where no web push is sent.
    pub vapid: Option<VapidPublicKey>,
}

/// Servers that a deployment may be without.
#[derive(Clone, Default)]
pub struct Services {
    /// Without one searches are UNAVAILABLE.
    pub search: Option<Arc<dyn SearchIndex>>,
    /// Without one smart replies are those of the rules.
    pub completions: Option<Arc<dyn Completions>>,
    /// Who translates.
    pub translation: translation::Settings,
}

/// Who signs in, and with what.
#[derive(Clone)]
pub struct Access {
    pub authenticator: Arc<Authenticator>,
    /// Log-in without a password for this machine, and introspection.
    pub dev_login: bool,
    /// Origins whose pages may connect.
    pub origins: Origins,
}

impl Access {
    /// The standing of users, by which they are admitted.
    pub fn standings(&self) -> Arc<Standings> {
        self.authenticator.standings().clone()
    }
}

/// Where files are, and where clients find them.
#[derive(Clone)]
pub struct FileStore {
    pub objects: Objects,
    /// Scheme, host and port that stand before links to files; empty for links beside the API.
    pub public_url: String,
    /// Where GIFs are found.
    pub gifs: gifs::Settings,
}

/// What answers requests: commands into the log, verdicts from it.
#[derive(Clone)]
pub struct Api {
    pub ingest: Arc<Ingest>,
    executor: Executor,
    admission: Admission,
    reads: Arc<Reads>,
}

impl Process {
    pub fn new(log: Arc<dyn Log>, tables: Arc<dyn Tables>, clock: Arc<dyn Clock>) -> Self {
        Port::announce();
        let (life, admin_api) = (Lifecycle::default(), Later::default());
        Self { log, tables, clock, life, admin_api }
    }

    /// Lives from `start`, which starts the roles, until it is told to end, or a role ends, which none
    /// should; then drains. Told a second time it ends at once.
    pub async fn run(
        mut self,
        mut signals: Signals,
        start: impl AsyncFnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let life = async {
            let starting = self.life.readiness.latch("start");
            start(&mut self).await?;
            drop(starting);
            Err(self.life.watch().await.into())
        };
        let ended = tokio::select! {
            ended = life => ended,
            () = signals.next() => Ok(()),
        };
        tracing::info!("draining");
        tokio::select! {
            drained = self.life.drain(DRAIN_WITHIN) => ended.and(drained.map_err(Into::into)),
            () = signals.next() => {
                tracing::error!("told to end a second time: what was on its way repeats");
                std::process::exit(1)
            }
        }
    }

    /// The account machine.
    pub fn accounts(&mut self, options: runner::Options) {
        let ports = self.ports();
        let serve = |stop| accounts::serve(ports, options, stop);
        self.life.running.spawn::<RunnerError, _>("accounts", serve);
    }

    /// The conversation machine.
    pub fn conversations(&mut self, options: runner::Options) {
        let ports = self.ports();
        let serve = |stop| conversations::serve(ports, options, stop);
        self.life.running.spawn::<RunnerError, _>("conversations", serve);
    }

    fn ports(&self) -> Ports {
        Ports { log: self.log.clone(), tables: self.tables.clone(), clock: self.clock.clone() }
    }

    /// What the platform says of its users.
    pub fn profiles(&mut self) {
        let ports = self.ports();
        self.life.running.spawn("profiles", |stop| profiles::serve(ports, stop));
        let ports = self.ports();
        self.life.running.spawn("erasures", |stop| profiles::serve_erasures(ports, stop));
    }

    /// Looks at files that were uploaded.
    pub fn media(&mut self, files: &FileStore) {
        let ports = self.ports();
        let objects = files.objects.clone();
        self.life.running.spawn("media", |stop| media::serve(ports, objects, stop));
    }

    /// Sends pushes. `standings` are followed by [`Self::standing`].
    pub fn notifier(&mut self, settings: notifier::Settings, standings: Arc<Standings>) -> Result<()> {
        let (ports, notifier) = (self.ports(), Notifier::new(settings)?);
        let served = Arc::new(move |user: &UserId, now| standings.is_served(user, now));
        self.life.running.spawn("notifier", |stop| notifier.serve(ports, served, stop));
        Ok(())
    }

    /// Shows what is behind links. Sites of a test on this machine may be given.
    pub fn link_preview(
        &mut self,
        development: &Development,
        ephemeral: Arc<dyn Ephemeral>,
        files: &FileStore,
    ) -> Result<()> {
        let (ports, objects) = (self.ports(), files.objects.clone());
        let previews = LinkPreview::new(development)?;
        self.life.running.spawn("link-preview", |stop| previews.serve(ports, ephemeral, objects, stop));
        Ok(())
    }

    /// What can be found by search.
    pub fn search_index(&mut self, search: Arc<dyn SearchIndex>) {
        let ports = self.ports();
        self.life.running.spawn("search-index", |stop| search_index::serve(ports, search, stop));
    }

    /// What requests are answered by. Its verdicts come to a partition that it picks: whoever shares
    /// it tells the own requests from the other's.
    pub async fn api(
        &mut self,
        ephemeral: Arc<dyn Ephemeral>,
        services: Services,
        keys: DeploymentKeys,
        files: &FileStore,
        access: &Access,
        mut options: ingest::Options,
    ) -> Result<Api> {
        options.slot = rand::random_range(0..self.log.partitions(&VERDICTS));
        let rows = Arc::new(Rows::new(self.tables.clone()));
        let ports = (self.log.clone(), self.clock.clone(), rows.clone());
        let gifs = files.gifs.open(ephemeral.clone())?;
        let ingest = Ingest::open(ports.0, ports.1, ports.2, files.objects.clone(), gifs, options).await?;
        let latch = self.life.readiness.latch("verdicts");
        self.life.running.spawn("verdicts", |stop| ingest.clone().run_verdicts(latch, stop));
        let awareness = Awareness::new(ephemeral.clone(), rows.clone(), self.clock.clone());
        let reads = Reads::new(rows, keys.conversations, awareness.clone(), self.clock.clone());
        let reads = reads.with_links_at(&files.public_url).with_vapid(keys.vapid);
        let reads = reads.with_translations(self.translations(&services.translation, &ephemeral)?);
        let reads = Arc::new(reads.with_standings(access.authenticator.standings().clone()));
        self.life.running.spawn("presence", |stop| async move { awareness.presence.sweep(stop).await });
        let search = Search::new(services.search, ephemeral.clone(), self.clock.clone());
        let smart_replies = SmartReplies::new(services.completions, ephemeral)?;
        let schema = api::schema(reads.clone(), search, smart_replies, ingest.clone());
        let admission = Admission::new(&schema.sdl(), false)?;
        Ok(Api { executor: api::executor(schema), admission, ingest, reads })
    }

    /// What translates, in a deployment that has a provider.
    fn translations(
        &self,
        settings: &translation::Settings,
        ephemeral: &Arc<dyn Ephemeral>,
    ) -> Result<Option<Arc<Translations>>> {
        translation::metrics::announce();
        let translator = settings.translator().context("translation")?;
        let over = |translator| {
            Translations::new(translator, settings.within, ephemeral.clone(), self.clock.clone())
        };
        Ok(translator.map(|translator| Arc::new(over(translator))))
    }

    /// Follows bans, revocations and erasures, in each process that admits or notifies users.
    pub fn standing(&mut self, standings: Arc<Standings>) {
        let latch = self.life.readiness.latch("standing");
        let (log, clock) = (self.log.clone(), self.clock.clone());
        self.life.running.spawn("standing", |stop| standings.follow(log, clock, latch, stop));
    }

    /// Requests over HTTP.
    pub fn requests(&mut self, api: &Api, access: &Access) -> Router {
        if access.dev_login {
            tracing::warn!("log-in without a password is on: POST /dev/login, for this machine alone");
        }
        let latch = self.life.readiness.latch("facts");
        self.life.running.spawn("facts", |stop| api.ingest.clone().run_changes(latch, stop));
        let standings = access.standings();
        self.life.running.spawn("scheduler", |stop| api.ingest.clone().run_scheduler(standings, stop));
        let (ingest, authenticator) = (api.ingest.clone(), access.authenticator.clone());
        // Requests are served once in a process.
        let _ = self.admin_api.set(admin_api::routes(Platform { ingest, authenticator }));
        ingest::http::routes(Http {
            executor: api.executor.clone(),
            admission: api.admission.serving_introspection(access.dev_login),
            origins: access.origins.clone(),
            authenticator: access.authenticator.clone(),
            ingest: api.ingest.clone(),
            clock: self.clock.clone(),
            reads: api.reads.clone(),
            transfers: Transfers::default(),
            dev_login: access.dev_login,
        })
    }

    /// A fan-out node, and the sockets on it.
    pub async fn sockets(
        &mut self,
        api: &Api,
        access: &Access,
        cursors: CursorKey,
        options: fanout::Options,
    ) -> Result<Router> {
        let (log, tables, clock) = (self.log.clone(), self.tables.clone(), self.clock.clone());
        let awareness = api.reads.awareness.clone();
        let (node, entrances) = Node::new(log, tables, clock, awareness, cursors, options).await?;
        self.life.running.spawn("fanout", |stop| node.clone().run(stop));
        let (mut caught_up, latch) = (node.readiness(), self.life.readiness.latch("fanout"));
        self.life.running.spawn("fanout readiness", |stop| async move {
            tokio::select! {
                ready = caught_up.wait_for(|ready| *ready) => drop(ready),
                () = stop.cancelled() => return Ok::<(), Infallible>(()),
            }
            drop(latch);
            stop.cancelled().await;
            Ok(())
        });
        let authenticator = access.authenticator.clone();
        let limits = api.ingest.limits().clone();
        let schema = (api.executor.clone(), api.admission.clone(), limits, api.reads.clone());
        let sockets = Sockets::new((node, entrances), schema, authenticator, access.origins.clone())?;
        self.life.serving.spawn("sockets", |stop| sockets.clone().drain(stop));
        Ok(sockets.routes())
    }

    /// Serves clients on a port.
    pub fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router, serving: Serving) {
        if let Some(tls) = serving.tls.clone() {
            let clock = self.clock.clone();
            self.life.running.spawn("tls", |stop| tls.follow(clock, stop));
        }
        self.life.serving.spawn(name, |stop| connections::serve(listener, router, serving, stop));
    }

    /// The operators' port, which tells to the end how the process does.
    pub fn admin(&mut self, listener: TcpListener) {
        let routes = ingest::admin::routes(self.life.readiness.clone(), self.admin_api.clone());
        let serving = Serving { connections: Connections::operators(), ..Serving::default() };
        self.life.running.spawn("admin", |stop| connections::serve(listener, routes, serving, stop));
    }
}
