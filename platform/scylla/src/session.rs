//! The session with the cluster, and the next one after an outage.
//!
//! Invariants:
//! - One new session is made at a time; whoever comes meanwhile goes on with the one that there is.
//! - The driver repeats nothing by itself: one budget of repetitions, that of the call, holds.
//! - The statements of a session are as many as a table has bounds to ask by: few, and closed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cfg(feature = "tls")]
use openssl::error::ErrorStack;
#[cfg(feature = "tls")]
use openssl::ssl::{SslConnector, SslMethod};
use scylla::client::execution_profile::ExecutionProfile;
#[cfg(feature = "tls")]
use scylla::client::session::OpenSsl010Config;
use scylla::client::session::Session;
#[cfg(not(feature = "tls"))]
use scylla::client::session::TlsContext;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::NewSessionError;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::FallthroughRetryPolicy;
use scylla::statement::Consistency;
use scylla::statement::prepared::PreparedStatement;
use scylla::statement::unprepared::Statement;
use tokio::time::{Instant, timeout};

use crate::config::Config;
use crate::error::{ConnectError, Failure};
use crate::locked;
use crate::metrics::Metrics;

/// Rows in one answer; the cluster may send fewer.
pub(crate) const PAGE_ROWS: i32 = 5_000;
/// A connection that says nothing for so long is asked, and given up after as long again.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// A session and the statements that it has prepared.
pub(crate) struct Connection {
    pub(crate) session: Session,
    statements: Mutex<HashMap<String, PreparedStatement>>,
}

impl Connection {
    pub(crate) async fn open(config: &Config) -> Result<Self, ConnectError> {
        let mut balancing = DefaultPolicy::builder().token_aware(true);
        if let Some(datacenter) = &config.datacenter {
            balancing = balancing.prefer_datacenter(datacenter.clone());
        }
        let profile = ExecutionProfile::builder()
            .consistency(Consistency::LocalQuorum)
            .request_timeout(Some(config.request_timeout))
            .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
            .load_balancing_policy(balancing.build())
            .build();
        let mut builder = SessionBuilder::new()
            .known_nodes(config.nodes())
            .default_execution_profile_handle(profile.into_handle())
            .connection_timeout(config.connect_timeout / 5)
            .keepalive_interval(KEEPALIVE)
            .keepalive_timeout(KEEPALIVE)
            // What routing by token needs to know, and no more.
            .keyspaces_to_fetch([&config.keyspace])
            .fetch_full_schema_metadata(false)
            .tls_context(tls(config)?);
        if let Some(password) = config.password.expose() {
            builder = builder.user(&config.user, password);
        }
        match timeout(config.connect_timeout, builder.build()).await {
            Ok(Ok(session)) => Ok(Self { session, statements: Mutex::default() }),
            Ok(Err(NewSessionError::EmptyKnownNodesList)) => Err(ConnectError::Config("nodes is empty")),
            Ok(Err(NewSessionError::IllegalConfig(reason))) => Err(ConnectError::Refused(reason.into())),
            Ok(Err(error)) => Err(ConnectError::Unavailable(error.to_string())),
            Err(_) => {
                Err(ConnectError::Unavailable(format!("no session within {:?}", config.connect_timeout)))
            }
        }
    }

    /// Prepares the statement unless it has been. Several may do so at once, which does no harm.
    pub(crate) async fn prepared(&self, text: &str) -> Result<PreparedStatement, Failure> {
        if let Some(statement) = locked(&self.statements).get(text) {
            return Ok(statement.clone());
        }
        let mut statement = self.session.prepare(Statement::new(text)).await?;
        statement.set_is_idempotent(true);
        statement.set_page_size(PAGE_ROWS);
        locked(&self.statements).insert(text.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// What nodes are known by; nothing without TLS.
#[cfg(feature = "tls")]
fn tls(config: &Config) -> Result<Option<OpenSsl010Config>, ConnectError> {
    if !config.tls {
        return Ok(None);
    }
    let refused = |error: ErrorStack| ConnectError::Refused(format!("{}: {error}", config.ca.display()));
    // Of its defaults that matter: certificates are verified.
    let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(refused)?;
    if !config.ca.as_os_str().is_empty() {
        builder.set_ca_file(&config.ca).map_err(refused)?;
    }
    Ok(Some(OpenSsl010Config::new(builder)))
}

/// A build without TLS has refused settings that ask for it.
#[cfg(not(feature = "tls"))]
fn tls(_: &Config) -> Result<Option<TlsContext>, ConnectError> {
    Ok(None)
}

/// The newest session.
pub(crate) struct Sessions {
    config: Config,
    metrics: Metrics,
    current: Mutex<Arc<Connection>>,
    /// Since when no request has found a connection, or the last new session failed.
    outage: Mutex<Option<Instant>>,
    rebuilding: tokio::sync::Mutex<()>,
}

impl Sessions {
    pub(crate) fn new(config: Config, metrics: Metrics, connection: Connection) -> Self {
        let current = Mutex::new(Arc::new(connection));
        Self { config, metrics, current, outage: Mutex::default(), rebuilding: tokio::sync::Mutex::default() }
    }

    pub(crate) fn current(&self) -> Arc<Connection> {
        Arc::clone(&locked(&self.current))
    }

    /// An answer came.
    pub(crate) fn connected(&self) {
        *locked(&self.outage) = None;
    }

    /// A request found no connection. Makes a new session if that has lasted too long; requests on
    /// the old one end there. Can be dropped at any time.
    pub(crate) async fn disconnected(&self, failed: &Arc<Connection>) {
        let since = *locked(&self.outage).get_or_insert_with(Instant::now);
        if since.elapsed() < self.config.rebuild_after {
            return;
        }
        let Ok(_alone) = self.rebuilding.try_lock() else { return };
        if !Arc::ptr_eq(failed, &self.current()) {
            return;
        }
        let opened = Connection::open(&self.config).await;
        self.metrics.rebuilt(opened.is_ok());
        match opened {
            Ok(connection) => {
                tracing::info!(outage_ms = since.elapsed().as_millis() as u64, "new session");
                *locked(&self.current) = Arc::new(connection);
                *locked(&self.outage) = None;
            }
            Err(error) => {
                tracing::warn!(%error, "no new session");
                *locked(&self.outage) = Some(Instant::now());
            }
        }
    }
}
