//! The ScyllaDB adapter as a whole: what the port promises, and what only a cluster can do wrong.
//!
//! Needs a server. Every run has a keyspace of its own; those of runs long past are dropped.

mod bounds;
mod coalescing;
mod conformance;
mod outage;
mod proxy;
mod refusals;
mod setup;

use std::sync::Arc;

use ::conformance::harness::fresh;
use ::conformance::tables::samples;
use musclemap_scylla::setup::ensure;
use musclemap_scylla::{Config, Scylla};
use platform::clock::{Clock, SystemClock};
use platform::ports::{PutRow, Tables};
use schemas::position::Version;
use schemas::tables::{Table, Value};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use tokio::sync::OnceCell;

const NODES: &str = "MM_SCYLLA_NODES";
/// Before the time of a run, in seconds since 1970.
const KEYSPACE: &str = "mm_test_";
/// A run is over by then.
const KEEP_SECONDS: i64 = 60 * 60;

/// Addresses of the server that all tests share.
fn nodes() -> String {
    std::env::var(NODES).unwrap_or_else(|_| {
        panic!("{NODES} is not set: start the services with deploy/services/run, which says its value")
    })
}

/// Tables of the system and of the conformance cases.
fn tables() -> Vec<&'static Table> {
    schemas::tables::ALL.into_iter().chain(samples::ALL).collect()
}

/// Of a keyspace that nothing else has; it is not made yet.
fn fresh_keyspace() -> String {
    let name = format!("{KEYSPACE}{}_{}", SystemClock.now() / 1_000, fresh("k").replace('-', ""));
    name.chars().take(48).collect()
}

fn config(keyspace: &str) -> Config {
    Config { keyspace: keyspace.to_owned(), ..Config::new(nodes()) }
}

/// The keyspace of this run, with all tables.
async fn keyspace() -> &'static str {
    static MADE: OnceCell<String> = OnceCell::const_new();
    let make = || async {
        drop_old_keyspaces(&session().await).await;
        let keyspace = fresh_keyspace();
        ensure(&config(&keyspace), 1, &tables()).await.expect("the tables");
        keyspace
    };
    MADE.get_or_init(make).await
}

/// A connection to the shared server.
async fn connect() -> Arc<Scylla> {
    connect_with(config(keyspace().await)).await
}

async fn connect_with(config: Config) -> Arc<Scylla> {
    Arc::new(Scylla::connect(config, &tables()).await.expect("a connection"))
}

/// For what the adapter does not do.
async fn session() -> Session {
    SessionBuilder::new().known_nodes(nodes().split(',')).build().await.expect("a session")
}

async fn drop_old_keyspaces(session: &Session) {
    let oldest = SystemClock.now() / 1_000 - KEEP_SECONDS;
    let names = session.query_unpaged("SELECT keyspace_name FROM system_schema.keyspaces", ()).await;
    let names = names.expect("keyspaces").into_rows_result().expect("keyspaces");
    for name in names.rows::<(String,)>().expect("names") {
        let (name,) = name.expect("a name");
        let made = name.strip_prefix(KEYSPACE).and_then(|rest| rest.split('_').next()?.parse::<i64>().ok());
        if made.is_some_and(|made| made < oldest) {
            session.query_unpaged(format!("DROP KEYSPACE IF EXISTS \"{name}\""), ()).await.expect("dropped");
        }
    }
}

/// A row of [`samples::SINGLE`].
fn single(text: &str, version: i64) -> PutRow {
    PutRow { key: vec![], columns: vec![Value::text(text)], version: Version(version), time_to_live: None }
}

/// Version of the one row in a partition of [`samples::SINGLE`].
async fn version_of(tables: &dyn Tables, partition: &[Value]) -> Option<i64> {
    let rows = tables.get(&samples::SINGLE, partition, &[vec![]]).await.expect("rows");
    rows.first().map(|row| row.version.0)
}

/// Sum of a metric over the label values given.
fn metric(scylla: &Scylla, name: &str, labels: &[(&str, &str)]) -> f64 {
    use prometheus::core::Collector;
    let families = scylla.metrics().collect();
    let of_name = families.iter().filter(|family| family.name() == format!("musclemap_tables_{name}"));
    let metrics = of_name.flat_map(|family| family.get_metric());
    let fits = |metric: &&prometheus::proto::Metric| {
        labels.iter().all(|(name, value)| {
            metric.get_label().iter().any(|label| label.name() == *name && label.value() == *value)
        })
    };
    metrics.filter(fits).map(|metric| metric.get_counter().get_value()).sum()
}
