//! All rows of a partition, page by page.
//!
//! Invariant: they are given whole or not at all; a part of somebody's blocks would show what the rest
//! hide.

use platform::ports::{Range, Row, Tables, TablesError};
use schemas::tables::{Table, Value};

/// The most rows of one partition that are looked at.
pub const MAX_ROWS: usize = 20_000;
const PAGE_ROWS: usize = 1_000;

/// Why a partition was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error("more than {MAX_ROWS} rows in a partition of {table}")]
    TooMany { table: &'static str },
}

pub async fn partition(
    tables: &dyn Tables,
    table: &'static Table,
    partition: &[Value],
) -> Result<Vec<Row>, Unread> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let range = Range { limit: PAGE_ROWS, after, ..Range::default() };
        let page = tables.range(table, partition, range).await?;
        rows.extend(page.rows);
        if rows.len() > MAX_ROWS {
            return Err(Unread::TooMany { table: table.name });
        }
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}
