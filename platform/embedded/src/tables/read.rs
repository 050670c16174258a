//! Reads: rows by key and by range, as of one moment.
//!
//! Invariant: a row is read by its own expiry; whether it was swept already makes no difference.

use fjall::{Database, Keyspace, Readable};
use platform::ports::{Page, Range, Row};
use schemas::position::LogTime;
use schemas::tables::Table;

use super::StoreError;
use super::key;
use super::row::StoredRow;
use crate::bytes::{Malformed, Parts};

/// One partition of a table, at one time.
pub(super) struct Reading<'a> {
    pub(super) database: &'a Database,
    pub(super) rows: &'a Keyspace,
    pub(super) table: &'static Table,
    /// Encoded: the table's number and the partition.
    pub(super) partition: &'a [u8],
    pub(super) now: LogTime,
}

/// A range with its bounds encoded, below the partition.
pub(super) struct EncodedRange {
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
    pub(super) after: Option<Vec<u8>>,
}

impl Reading<'_> {
    /// The rows that exist among encoded keys, in order.
    pub(super) fn get(&self, mut keys: Vec<Vec<u8>>) -> Result<Vec<Row>, StoreError> {
        keys.sort();
        keys.dedup();
        let snapshot = self.database.snapshot();
        let mut rows = Vec::new();
        for key in keys {
            if let Some(stored) = snapshot.get(self.rows, &key)? {
                rows.extend(self.row(&key, &stored)?);
            }
        }
        Ok(rows)
    }

    pub(super) fn range(&self, range: &Range, encoded: EncodedRange) -> Result<Page, StoreError> {
        let (mut low, mut high) = (encoded.from, key::after_prefix(encoded.to));
        match encoded.after {
            Some(after) if range.descending => high = high.min(after),
            Some(after) => low = low.max(key::after(after)),
            None => {}
        }
        if low >= high {
            return Ok(Page { rows: Vec::new(), next: None });
        }
        let found = self.database.snapshot().range(self.rows, low..high);
        if range.descending { self.page(found.rev(), range.limit) } else { self.page(found, range.limit) }
    }

    /// One row more than the page holds is looked for, to know whether more may come.
    fn page(&self, found: impl Iterator<Item = fjall::Guard>, limit: usize) -> Result<Page, StoreError> {
        let mut rows: Vec<Row> = Vec::new();
        for entry in found {
            let (key, stored) = entry.into_inner()?;
            let Some(row) = self.row(&key, &stored)? else {
                continue;
            };
            if rows.len() == limit {
                let next = rows.last().map(|last| last.key.clone());
                return Ok(Page { rows, next });
            }
            rows.push(row);
        }
        Ok(Page { rows, next: None })
    }

    fn row(&self, key: &[u8], stored: &[u8]) -> Result<Option<Row>, StoreError> {
        let row = StoredRow::parse(stored)?;
        if row.expires <= self.now {
            return Ok(None);
        }
        let mut parts = Parts::new(key.get(self.partition.len()..).ok_or(Malformed)?);
        Ok(Some(Row {
            key: key::take_columns(&mut parts, self.table.clustering)?,
            columns: row.columns(self.table.columns.len())?,
            version: row.version,
        }))
    }
}
