//! All rows of a partition, or of a range in it, page by page.
//!
//! Invariant: the answer holds every row, or is an error; a part of a user's blocks would show what the rest
//! hide.

use platform::ports::{Range, Row, Tables, TablesError};
use schemas::tables::{Table, Value};
use schemas::{ErrorCode, Refusal};

use crate::error::tables_error;

/// The most rows of one partition that are read.
pub const MAX_ROWS: usize = 20_000;
const PAGE_ROWS: usize = 1_000;

/// Why a partition was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum Incomplete {
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error("more than {MAX_ROWS} rows in a partition of {table}")]
    TooMany { table: &'static str },
}

impl From<Incomplete> for Refusal {
    fn from(incomplete: Incomplete) -> Self {
        match incomplete {
            Incomplete::Tables(error) => tables_error(error),
            Incomplete::TooMany { table } => Self {
                limit: Some(table.to_owned()),
                ..Self::new(ErrorCode::LimitReached, "more rows than one request may read")
            },
        }
    }
}

/// Every row of a partition.
pub async fn read_all(
    tables: &dyn Tables,
    table: &'static Table,
    partition: &[Value],
) -> Result<Vec<Row>, Incomplete> {
    read_range(tables, table, partition, (vec![], vec![])).await
}

/// Every row of a partition between two bounds, which are prefixes of the key, both included.
pub async fn read_range(
    tables: &dyn Tables,
    table: &'static Table,
    partition: &[Value],
    (from, to): (Vec<Value>, Vec<Value>),
) -> Result<Vec<Row>, Incomplete> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let (from, to) = (from.clone(), to.clone());
        let range = Range { from, to, limit: PAGE_ROWS, after, ..Range::default() };
        let page = tables.range(table, partition, range).await?;
        rows.extend(page.rows);
        if rows.len() > MAX_ROWS {
            return Err(Incomplete::TooMany { table: table.name });
        }
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}
