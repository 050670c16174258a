//! Makes the keyspace and the tables, and checks those that exist.
//!
//! Invariant: an existing table or keyspace is never changed. Columns that differ are said, for an
//! operator to decide; the replication of an existing keyspace is his affair.

use std::time::Duration;

use schemas::tables::Table;
use scylla::statement::unprepared::Statement;

use crate::config::Config;
use crate::cql;
use crate::error::{ConnectError, Failure};
use crate::layout::{self, Difference};
use crate::session::Connection;

/// A change of the schema takes longer than a request.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Wait and try again: what was done is done, the rest follows.
    #[error("tables unavailable: {0}")]
    Unavailable(String),
    /// The cluster refuses the keyspace or table as it is wanted.
    #[error("{name} cannot be made: {reason}")]
    Refused { name: String, reason: String },
    /// Tables exist with other columns: change them by hand, or run the version that they are of.
    #[error("existing tables differ: {0:?}")]
    Different(Vec<Difference>),
}

/// Makes what is missing, with `replication` copies in each datacenter, and checks all. Can be
/// repeated; by one at a time, since a cluster may take two makings of one table for two tables.
pub async fn ensure(config: &Config, replication: u32, tables: &[&'static Table]) -> Result<(), SetupError> {
    config.check()?;
    let connection = Connection::open(config).await?;
    change(&connection, &config.keyspace, cql::create_keyspace(&config.keyspace, replication)).await?;
    let inspect = || async {
        layout::inspect(&connection, &config.keyspace, tables).await.map_err(|f| failed(&config.keyspace, f))
    };
    let missing = inspect().await?.missing;
    for table in tables.iter().filter(|table| missing.contains(&table.name)) {
        change(&connection, table.name, cql::create_table(&config.keyspace, table)).await?;
        tracing::info!(table = table.name, "table made");
    }
    let findings = inspect().await?;
    if let Some(name) = findings.missing.first() {
        return Err(SetupError::Unavailable(format!("{name} was made and is not there yet")));
    }
    if findings.differences.is_empty() { Ok(()) } else { Err(SetupError::Different(findings.differences)) }
}

/// Returns when all nodes agree.
async fn change(connection: &Connection, name: &str, text: String) -> Result<(), SetupError> {
    let mut statement = Statement::new(text);
    statement.set_is_idempotent(true);
    statement.set_request_timeout(Some(CHANGE_TIMEOUT));
    let changed = connection.session.query_unpaged(statement, ()).await;
    changed.map(|_| ()).map_err(|error| failed(name, error.into()))
}

fn failed(name: &str, failure: Failure) -> SetupError {
    match failure {
        Failure::Refused(reason) => SetupError::Refused { name: name.to_owned(), reason },
        Failure::Unavailable(reason) | Failure::Disconnected(reason) => SetupError::Unavailable(reason),
    }
}
