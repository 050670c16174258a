//! Tables: rows under (partition, clustering key), each whole and with a version.
//!
//! Invariants an adapter keeps:
//! - Of several writes of one row the highest version stays, in whatever order they arrive; an
//!   equal version with the same values changes nothing.
//! - A batch in one partition is seen whole or not at all.
//! - A read after an acknowledged write sees it, or a newer version.
//! - Several rows of one partition are read as of one moment.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use schemas::position::Version;
use schemas::tables::views::ViewRow;
use schemas::tables::{Table, Value};

/// A row to write, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct PutRow {
    /// Clustering key, every column of it.
    pub key: Vec<Value>,
    pub columns: Vec<Value>,
    pub version: Version,
    /// Until the row may be cleaned up, if not for as long as the table says.
    pub time_to_live: Option<Duration>,
}

/// A row as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub key: Vec<Value>,
    pub columns: Vec<Value>,
    pub version: Version,
}

/// Rows of one partition in clustering order. Bounds are prefixes of the clustering key: every row
/// with `from <= its prefix <= to`; an empty bound is open.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Range {
    pub from: Vec<Value>,
    pub to: Vec<Value>,
    pub descending: bool,
    /// Rows in one page, at least 1.
    pub limit: usize,
    /// Where an earlier page of the same range ended.
    pub after: Option<Vec<Value>>,
}

/// A page of rows. `next` says whether more may come, and where; its absence says that none does.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub rows: Vec<Row>,
    pub next: Option<Vec<Value>>,
}

/// Named by what the caller should do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TablesError {
    /// Wait and try again: a write may have happened, and repeating it is harmless.
    #[error("tables unavailable: {0}")]
    Unavailable(String),
    /// Repeating it will not help.
    #[error("refused: {0}")]
    Refused(String),
}

#[async_trait]
pub trait Tables: Send + Sync + 'static {
    /// Writes rows of one partition together.
    async fn put(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError>;

    /// The rows that exist among `keys`, at most 100, in clustering order.
    async fn get(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError>;

    async fn range(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError>;
}

/// Writes rows of views, each partition's together, the partitions at once.
pub async fn put_views(tables: &dyn Tables, views: &[(ViewRow, Version)]) -> Result<(), TablesError> {
    let mut partitions: BTreeMap<(&str, &[Value]), (&'static Table, Vec<PutRow>)> = BTreeMap::new();
    for (view, version) in views {
        let (_, rows) =
            partitions.entry((view.table.name, &view.partition)).or_insert_with(|| (view.table, Vec::new()));
        rows.push(PutRow {
            key: view.key.clone(),
            columns: view.columns.clone(),
            version: *version,
            time_to_live: view.time_to_live,
        });
    }
    let puts =
        partitions.iter().map(|((_, partition), (table, rows))| tables.put(table, partition, rows.clone()));
    try_join_all(puts).await.map(|_| ())
}
