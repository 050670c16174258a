//! All rows of a partition, or of a range in it, page by page.
//!
//! Invariant: what is read holds every row, or is an error; a part of a user's blocks would show what the rest
//! hide.

use platform::ports::{Range, Row, Tables, TablesError};
use schemas::tables::{Table, Value};

const PAGE_ROWS: usize = 1_000;

/// Rows of a range, a page at a time, for readers that keep less than all of them.
pub struct Pages<'a> {
    tables: &'a dyn Tables,
    table: &'static Table,
    partition: Vec<Value>,
    from: Vec<Value>,
    to: Vec<Value>,
    after: Option<Vec<Value>>,
    is_over: bool,
}

impl<'a> Pages<'a> {
    /// Of a whole partition.
    pub fn of(tables: &'a dyn Tables, table: &'static Table, partition: Vec<Value>) -> Self {
        Self::between(tables, table, partition, (vec![], vec![]))
    }

    /// Of the rows between two bounds, which are prefixes of the key, both included.
    pub fn between(
        tables: &'a dyn Tables,
        table: &'static Table,
        partition: Vec<Value>,
        (from, to): (Vec<Value>, Vec<Value>),
    ) -> Self {
        Self { tables, table, partition, from, to, after: None, is_over: false }
    }

    /// The next page; `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<Row>>, TablesError> {
        if self.is_over {
            return Ok(None);
        }
        let (from, to, after) = (self.from.clone(), self.to.clone(), self.after.take());
        let range = Range { from, to, limit: PAGE_ROWS, after, ..Range::default() };
        let page = self.tables.range(self.table, &self.partition, range).await?;
        self.is_over = page.next.is_none();
        self.after = page.next;
        Ok(Some(page.rows))
    }

    /// Every row.
    pub async fn all(mut self) -> Result<Vec<Row>, TablesError> {
        let mut rows = Vec::new();
        while let Some(page) = self.next().await? {
            rows.extend(page);
        }
        Ok(rows)
    }
}
