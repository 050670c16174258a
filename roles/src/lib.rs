//! The roles of the system, started over whatever log and tables a process stands on: all of them in
//! one process, or one in each.
//!
//! Invariants: a process is ready when each of its roles is; it ends when any of them does; what is on
//! its way when it is told to end is brought to its end, or repeats elsewhere.

pub mod http;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use fanout::Node;
use fanout::cursor::CursorKey;
use fanout::socket::Sockets;
use graphql::auth::Authenticator;
use graphql::{ApiSchema, Reads};
use ingest::Ingest;
use ingest::http::Http;
use platform::clock::Clock;
use platform::lifecycle::{Latch, Readiness, Tasks};
use platform::ports::{Log, Tables};
use platform::projection;
use platform::runner::{self, RunnerError, drive};
use schemas::topics::VERDICTS;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long what is on its way may take when a process ends.
const DRAIN_WITHIN: Duration = Duration::from_secs(25);

/// A process: what it stands on, and what runs in it.
pub struct Process {
    pub log: Arc<dyn Log>,
    pub tables: Arc<dyn Tables>,
    pub clock: Arc<dyn Clock>,
    pub readiness: Readiness,
    pub tasks: Tasks,
    /// Cancelled when the process ends.
    pub stop: CancellationToken,
    /// Held until every role is started.
    starting: Option<Latch>,
    node: Option<Arc<Node>>,
}

/// Who signs in, and with what.
#[derive(Clone)]
pub struct Access {
    pub authenticator: Arc<Authenticator>,
    /// Log-in without a password, GraphiQL, introspection: only where nobody else can connect.
    pub development: bool,
}

/// What answers requests: commands into the log, verdicts from it.
#[derive(Clone)]
pub struct Api {
    pub ingest: Arc<Ingest>,
    schema: ApiSchema,
}

impl Process {
    pub fn new(log: Arc<dyn Log>, tables: Arc<dyn Tables>, clock: Arc<dyn Clock>) -> Self {
        let stop = CancellationToken::new();
        let readiness = Readiness::default();
        let starting = Some(readiness.latch("start"));
        let tasks = Tasks::new(stop.clone());
        Self { log, tables, clock, readiness, tasks, stop, starting, node: None }
    }

    /// The account machine.
    pub fn accounts(&mut self, options: runner::Options) {
        let task = accounts::serve(self.machine_ports(), options, self.stop.clone());
        self.tasks.spawn::<RunnerError>("accounts", task);
    }

    /// The conversation machine.
    pub fn conversations(&mut self, options: runner::Options) {
        let task = conversations::serve(self.machine_ports(), options, self.stop.clone());
        self.tasks.spawn::<RunnerError>("conversations", task);
    }

    fn machine_ports(&self) -> drive::Ports {
        drive::Ports { log: self.log.clone(), tables: self.tables.clone(), clock: self.clock.clone() }
    }

    /// What the platform says of its users.
    pub fn profiles(&mut self) {
        let ports = projection::Ports {
            log: self.log.clone(),
            tables: self.tables.clone(),
            clock: self.clock.clone(),
        };
        self.tasks.spawn("profiles", profiles::serve(ports, self.stop.clone()));
    }

    /// What requests are answered by. Its verdicts come to a partition that it picks: whoever shares
    /// it tells the own requests from the other's.
    pub fn api(&mut self, mut options: ingest::Options) -> Api {
        options.slot = rand::random_range(0..self.log.partitions(&VERDICTS));
        let reads = Arc::new(Reads::new(self.tables.clone()));
        let ingest = Ingest::new(self.log.clone(), self.clock.clone(), reads.clone(), options);
        let latch = self.readiness.latch("verdicts");
        self.tasks.spawn("verdicts", ingest.clone().hear_verdicts(latch, self.stop.clone()));
        Api { schema: graphql::schema(reads, ingest.clone()), ingest }
    }

    /// Requests over HTTP.
    pub fn requests(&self, api: &Api, access: &Access) -> Router {
        ingest::http::routes(Http {
            schema: api.schema.clone(),
            introspection: access.development.then(graphql::introspection_schema),
            authenticator: access.authenticator.clone(),
            ingest: api.ingest.clone(),
            clock: self.clock.clone(),
            development: access.development,
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
        let ports = (self.log.clone(), self.tables.clone(), self.clock.clone());
        let node = Node::new(ports.0, ports.1, ports.2, cursors, options).await?;
        self.tasks.spawn("fanout", node.clone().run(self.stop.clone()));
        let (mut caught_up, latch) = (node.readiness(), self.readiness.latch("fanout"));
        let stop = self.stop.clone();
        self.tasks.spawn("fanout readiness", async move {
            tokio::select! {
                ready = caught_up.wait_for(|ready| *ready) => drop(ready),
                () = stop.cancelled() => return Ok::<(), std::convert::Infallible>(()),
            }
            drop(latch);
            stop.cancelled().await;
            Ok(())
        });
        self.node = Some(node.clone());
        Ok(Sockets::new(node, api.schema.clone(), access.authenticator.clone()).routes())
    }

    /// Serves on a port until the process ends.
    pub fn serve(&mut self, name: &'static str, listener: TcpListener, router: Router) {
        self.tasks.spawn(name, http::serve(listener, router, self.stop.clone().cancelled_owned()));
    }

    /// The operators' port.
    pub fn admin(&mut self, listener: TcpListener) {
        let routes = ingest::admin::routes(self.readiness.clone());
        self.serve("admin", listener, routes);
    }

    /// Every role is started: ready once each is.
    pub fn started(&mut self) {
        self.starting = None;
    }

    /// Waits until `until` is there, or a role ends, which none should.
    pub async fn watch(&mut self, until: impl Future<Output = ()>) -> Result<()> {
        Ok(self.tasks.watch(until).await?)
    }

    /// Tells sockets to come back elsewhere, answers what is asked, stores what is decided.
    pub async fn drain(self) -> Result<()> {
        let _not_ready = self.readiness.latch("drain");
        if let Some(node) = &self.node {
            node.draining.cancel();
        }
        self.stop.cancel();
        Ok(self.tasks.drain(DRAIN_WITHIN).await?)
    }
}
