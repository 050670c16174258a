//! Cases for [`platform::ports::Tables`], and how they write and read their own rows.
//!
//! Invariant: a case stays in partitions that no other case has.

pub mod batches;
pub mod keys;
pub mod model;
pub mod ranges;
pub mod rows;
pub mod samples;

use std::sync::Arc;

use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::position::Version;
use schemas::tables::{Table, Value};

use crate::harness::{fresh, within};

/// One partition of a table.
struct Case {
    tables: Arc<dyn Tables>,
    table: &'static Table,
    partition: Vec<Value>,
}

impl Case {
    /// In a fresh partition of [`samples::NUMBERED`].
    fn numbered(tables: Arc<dyn Tables>) -> Self {
        Self { tables, table: &samples::NUMBERED, partition: vec![Value::text(&fresh("case"))] }
    }

    async fn try_put(&self, rows: Vec<PutRow>) -> Result<(), TablesError> {
        within("a write", self.tables.put(self.table, &self.partition, rows)).await
    }

    async fn put(&self, rows: Vec<PutRow>) {
        self.try_put(rows).await.expect("written rows");
    }

    async fn get(&self, keys: &[Vec<Value>]) -> Vec<Row> {
        within("a read", self.tables.get(self.table, &self.partition, keys)).await.expect("rows")
    }

    async fn get_one(&self, key: Vec<Value>) -> Option<Row> {
        let mut rows = self.get(&[key]).await;
        assert!(rows.len() < 2, "one key has one row");
        rows.pop()
    }

    async fn range(&self, range: Range) -> Page {
        within("a read", self.tables.range(self.table, &self.partition, range)).await.expect("a page")
    }

    /// Everything in the partition.
    async fn all(&self) -> Vec<Row> {
        let page = self.range(Range { limit: 10_000, ..Range::default() }).await;
        assert_eq!(page.next, None);
        page.rows
    }
}

/// Key of a row of [`samples::NUMBERED`].
fn key(number: i64, name: &str) -> Vec<Value> {
    vec![Value::BigInt(number), Value::text(name)]
}

/// A row of [`samples::NUMBERED`].
fn row(number: i64, name: &str, text: &str, version: i64) -> PutRow {
    PutRow {
        key: key(number, name),
        columns: samples::columns(text),
        version: Version(version),
        time_to_live: None,
    }
}

/// What was put, as it is read.
fn as_read(put: &PutRow) -> Row {
    Row { key: put.key.clone(), columns: put.columns.clone(), version: put.version }
}

/// The first column, which these cases tell rows apart by.
fn text(row: &Row) -> &str {
    match &row.columns[0] {
        Value::Text(text) => text,
        other => panic!("{other:?} is not text"),
    }
}
