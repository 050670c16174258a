//! The port on a cluster.
//!
//! Invariant: what does not fit a table is refused before anything is sent.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::tables::{Table, Value};
use tokio::time::{Instant, timeout};

use crate::calls::Calls;
use crate::config::Config;
use crate::cql::Texts;
use crate::error::ConnectError;
use crate::flights::{Asked, Flights, Question};
use crate::layout;
use crate::metrics::{Metrics, Operation};
use crate::requests::{Put, Read};
use crate::session::Connection;
use crate::shape::{self, refused};
use crate::slice::Slice;

/// Label of tables that were not connected to.
const UNKNOWN: &str = "unknown";

/// Tables of one keyspace.
pub struct Scylla {
    calls: Arc<Calls>,
    flights: Arc<Flights>,
    metrics: Metrics,
    texts: HashMap<&'static str, Texts>,
}

impl Scylla {
    /// Connects to a cluster whose keyspace has these tables as they are defined; others are refused
    /// ever after.
    pub async fn connect(config: Config, tables: &[&'static Table]) -> Result<Self, ConnectError> {
        config.check()?;
        let connection = Connection::open(&config).await?;
        let inspection = layout::inspect(&connection, &config.keyspace, tables);
        let findings = timeout(config.connect_timeout, inspection)
            .await
            .map_err(|_| ConnectError::Unavailable("the schema was not told in time".into()))??;
        if let Some(name) = findings.missing.first() {
            return Err(ConnectError::MissingTable(name));
        }
        if !findings.differences.is_empty() {
            return Err(ConnectError::Different(findings.differences));
        }
        let metrics = Metrics::new(tables);
        let texts = tables.iter().map(|table| (table.name, Texts::of(&config.keyspace, table))).collect();
        let calls = Arc::new(Calls::new(config, metrics.clone(), connection));
        Ok(Self { calls, flights: Arc::default(), metrics, texts })
    }

    /// To be registered once.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    fn texts(&self, table: &Table) -> Result<&Texts, TablesError> {
        self.texts.get(table.name).ok_or_else(|| refused(table, "not a table of this connection"))
    }

    async fn write(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        let texts = self.texts(table)?;
        shape::check_partition(table, partition)?;
        shape::check_rows(table, &rows)?;
        if rows.is_empty() {
            return Ok(());
        }
        let with_time = |row: PutRow| shape::seconds_to_live(table, &row).map(|seconds| (row, seconds));
        let rows = rows.into_iter().map(with_time).collect::<Result<Vec<_>, _>>()?;
        let put = Put { table, texts, partition, rows: &rows };
        self.calls.answer(&put, self.calls.deadline()).await
    }

    async fn keys(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        let texts = self.texts(table)?;
        shape::check_partition(table, partition)?;
        shape::check_keys(table, keys)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys = keys.to_vec();
        keys.sort();
        keys.dedup();
        Ok(self.read(table, texts.get.clone(), partition, Asked::Keys(keys)).await?.rows)
    }

    async fn slice(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError> {
        let texts = self.texts(table)?;
        shape::check_partition(table, partition)?;
        shape::check_range(table, &range)?;
        let Some(slice) = Slice::of(&range) else {
            return Ok(Page { rows: Vec::new(), next: None });
        };
        let text = texts.range(table, &slice);
        self.read(table, text, partition, Asked::Slice { slice, limit: range.limit }).await
    }

    async fn read(
        &self,
        table: &'static Table,
        text: String,
        partition: &[Value],
        asked: Asked,
    ) -> Result<Page, TablesError> {
        let deadline = self.calls.deadline();
        let (operation, partition) = (asked.operation(), partition.to_vec());
        let question = Question { table: table.name, partition: partition.clone(), asked: asked.clone() };
        loop {
            let calls = Arc::clone(&self.calls);
            let (text, partition, asked) = (text.clone(), partition.clone(), asked.clone());
            let (answer, shared) = self.flights.board(question.clone(), deadline, move |gate| async move {
                let read = Read { table, text, partition, asked, gate };
                calls.answer(&read, deadline).await
            });
            if shared {
                self.metrics.coalesced(table.name, operation);
            }
            match answer.await {
                // The one whose request it was had less time left than this one has.
                Err(TablesError::Unavailable(_)) if shared && Instant::now() < deadline => {}
                answer => return answer,
            }
        }
    }

    /// Counts the call that began then.
    fn note<T>(
        &self,
        table: &Table,
        operation: Operation,
        began: Instant,
        outcome: Result<T, TablesError>,
    ) -> Result<T, TablesError> {
        let name = if self.texts.contains_key(table.name) { table.name } else { UNKNOWN };
        self.metrics.answered(name, operation, &outcome, began.elapsed());
        outcome
    }
}

#[async_trait]
impl Tables for Scylla {
    async fn put(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        let began = Instant::now();
        self.note(table, Operation::Put, began, self.write(table, partition, rows).await)
    }

    async fn get(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        let began = Instant::now();
        self.note(table, Operation::Get, began, self.keys(table, partition, keys).await)
    }

    async fn range(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError> {
        let began = Instant::now();
        self.note(table, Operation::Range, began, self.slice(table, partition, range).await)
    }
}
