//! The tables on fjall: one keyspace of rows, one thread that writes, reads beside it.
//!
//! One keyspace for all tables: each has memory of its own for what is not on disk yet, and the
//! journal can only shrink once all of them have flushed; a number before the key costs two bytes.
//!
//! Invariants:
//! - A row that does not fit its table's definition is refused before anything is written.
//! - Writes are committed in groups, each put whole; reads see one moment.
//! - A row is not seen from its expiry on; until it is swept, its version still counts.

mod key;
mod read;
mod row;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use fjall::{Database, Keyspace};
use platform::clock::SharedClock;
use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::position::LogTime;
use schemas::tables::{Column, ColumnType, Table, Value};
use tokio::sync::oneshot;

use crate::bytes::Malformed;
use crate::committer::Committer;
use crate::locked;
use crate::meta::{Meta, MetaError};
use crate::store::{OpenError, Unsynced};
use read::{EncodedRange, Reading};
use writer::{Command, EXPIRY_PREFIX, Writer};

/// Keys in one [`Tables::get`].
const MAX_KEYS: usize = 100;
/// What fjall allows, less what an entry of an expiry adds.
const MAX_KEY_BYTES: usize = u16::MAX as usize - EXPIRY_PREFIX;
/// Expired rows removed in one batch.
const SWEEP_ROWS: usize = 1_000;

/// Tables in a folder; one comes into being with its first row. Opened by [`crate::Store`].
pub struct EmbeddedTables {
    database: Database,
    rows: Keyspace,
    meta: Meta,
    clock: SharedClock,
    /// Numbers of tables by name, as far as they were asked for.
    numbers: Mutex<HashMap<&'static str, u16>>,
    committer: Committer<Command>,
}

#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("the store failed: {0}")]
    Store(#[from] fjall::Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Meta(#[from] MetaError),
}

fn unavailable(error: impl Into<StoreError>) -> TablesError {
    TablesError::Unavailable(error.into().to_string())
}

impl EmbeddedTables {
    pub(crate) fn open(
        database: Database,
        rows: Keyspace,
        meta: Meta,
        clock: SharedClock,
        unsynced: Arc<Unsynced>,
    ) -> Result<Self, OpenError> {
        let mut writer = Writer {
            database: database.clone(),
            rows: rows.clone(),
            unsynced,
        };
        let committer = Committer::start("table-writes", move |group| writer.commit(group))?;
        Ok(Self {
            database,
            rows,
            meta,
            clock,
            numbers: Mutex::default(),
            committer,
        })
    }

    /// Removes rows that are expired at `now`; says how many expiries were dealt with.
    ///
    /// The store does this every minute by itself.
    pub async fn sweep(&self, now: LogTime) -> Result<u64, TablesError> {
        let mut removed = 0;
        loop {
            let (done, swept) = oneshot::channel();
            let step = Command::Sweep {
                now,
                limit: SWEEP_ROWS,
                done,
            };
            if self.committer.push(step, 1).await.is_err() {
                return Ok(removed);
            }
            let step = swept.await.unwrap_or_else(|_| Err(closed()))?;
            removed += step as u64;
            if step < SWEEP_ROWS {
                return Ok(removed);
            }
        }
    }

    /// Writes what is queued; refuses everything after.
    pub(crate) fn close(&self) {
        self.committer.close();
    }

    fn number(&self, table: &'static Table) -> Result<u16, TablesError> {
        let mut numbers = locked(&self.numbers);
        if let Some(number) = numbers.get(table.name) {
            return Ok(*number);
        }
        let number = self.meta.table(table.name).map_err(unavailable)?;
        numbers.insert(table.name, number);
        Ok(number)
    }

    /// The encoded front of every key in the partition.
    fn partition(
        &self,
        table: &'static Table,
        partition: &[Value],
    ) -> Result<Vec<u8>, TablesError> {
        let mut key = self.number(table)?.to_be_bytes().to_vec();
        put_key(&mut key, table, table.partition, partition)?;
        Ok(key)
    }

    fn reading<'a>(&'a self, table: &'static Table, partition: &'a [u8]) -> Reading<'a> {
        Reading {
            database: &self.database,
            rows: &self.rows,
            table,
            partition,
            now: self.clock.now(),
        }
    }
}

/// Appends columns of a key; all of them must be there.
fn put_key(
    key: &mut Vec<u8>,
    table: &Table,
    columns: &[Column],
    values: &[Value],
) -> Result<(), TablesError> {
    if values.len() != columns.len() {
        return Err(refused(
            table,
            format!("{} key columns, not {}", columns.len(), values.len()),
        ));
    }
    put_key_prefix(key, table, columns, values)
}

fn put_key_prefix(
    key: &mut Vec<u8>,
    table: &Table,
    columns: &[Column],
    values: &[Value],
) -> Result<(), TablesError> {
    if values.len() > columns.len() {
        return Err(refused(
            table,
            format!("{} key columns, not {}", columns.len(), values.len()),
        ));
    }
    key::put_columns(key, columns, values)
        .map_err(|column| refused(table, format!("key column {column} has another type")))?;
    if key.len() > MAX_KEY_BYTES {
        return Err(refused(table, "key is too long".into()));
    }
    Ok(())
}

fn check_columns(table: &Table, values: &[Value]) -> Result<(), TablesError> {
    if values.len() != table.columns.len() {
        return Err(refused(
            table,
            format!("{} columns, not {}", table.columns.len(), values.len()),
        ));
    }
    match table
        .columns
        .iter()
        .zip(values)
        .find(|(column, value)| !is_of(column.kind, value))
    {
        Some((column, _)) => Err(refused(
            table,
            format!("column {} has another type", column.name),
        )),
        None => Ok(()),
    }
}

fn expiry(table: &Table, row: &PutRow, now: LogTime) -> LogTime {
    match row.time_to_live.or(table.time_to_live) {
        Some(age) => now.saturating_add(LogTime::try_from(age.as_millis()).unwrap_or(row::NEVER)),
        None => row::NEVER,
    }
}

fn is_of(kind: ColumnType, value: &Value) -> bool {
    matches!(
        (kind, value),
        (_, Value::Null)
            | (ColumnType::Text, Value::Text(_))
            | (ColumnType::Blob, Value::Blob(_))
            | (ColumnType::Int, Value::Int(_))
            | (ColumnType::BigInt, Value::BigInt(_))
            | (ColumnType::Boolean, Value::Boolean(_))
            | (ColumnType::Timestamp, Value::Timestamp(_))
    )
}

fn refused(table: &Table, why: String) -> TablesError {
    TablesError::Refused(format!("{}: {why}", table.name))
}

fn closed() -> TablesError {
    TablesError::Unavailable("the store was closed".into())
}

#[async_trait]
impl Tables for EmbeddedTables {
    async fn put(
        &self,
        table: &'static Table,
        partition: &[Value],
        rows: Vec<PutRow>,
    ) -> Result<(), TablesError> {
        let prefix = self.partition(table, partition)?;
        let now = self.clock.now();
        let mut encoded = Vec::with_capacity(rows.len());
        let mut bytes = 0;
        for row in rows {
            let mut key = prefix.clone();
            put_key(&mut key, table, table.clustering, &row.key)?;
            check_columns(table, &row.columns)?;
            let stored = row::encode(row.version, expiry(table, &row, now), &row.columns);
            bytes += key.len() + stored.len();
            encoded.push((key, stored));
        }
        let (done, written) = oneshot::channel();
        self.committer
            .push(
                Command::Put {
                    rows: encoded,
                    done,
                },
                bytes,
            )
            .await
            .map_err(|_| closed())?;
        written.await.unwrap_or_else(|_| Err(closed()))
    }

    async fn get(
        &self,
        table: &'static Table,
        partition: &[Value],
        keys: &[Vec<Value>],
    ) -> Result<Vec<Row>, TablesError> {
        // Reads do not wait by themselves; whoever does many must not starve its neighbours.
        tokio::task::consume_budget().await;
        if keys.len() > MAX_KEYS {
            return Err(refused(table, format!("{} keys in one read", keys.len())));
        }
        let prefix = self.partition(table, partition)?;
        let mut encoded = Vec::with_capacity(keys.len());
        for columns in keys {
            let mut key = prefix.clone();
            put_key(&mut key, table, table.clustering, columns)?;
            encoded.push(key);
        }
        self.reading(table, &prefix)
            .get(encoded)
            .map_err(unavailable)
    }

    async fn range(
        &self,
        table: &'static Table,
        partition: &[Value],
        range: Range,
    ) -> Result<Page, TablesError> {
        tokio::task::consume_budget().await;
        if range.limit == 0 {
            return Err(refused(table, "a page of no rows".into()));
        }
        let prefix = self.partition(table, partition)?;
        let bound = |values: &[Value]| {
            let mut key = prefix.clone();
            put_key_prefix(&mut key, table, table.clustering, values).map(|()| key)
        };
        let mut after = None;
        if let Some(values) = &range.after {
            let mut key = prefix.clone();
            put_key(&mut key, table, table.clustering, values)?;
            after = Some(key);
        }
        let encoded = EncodedRange {
            from: bound(&range.from)?,
            to: bound(&range.to)?,
            after,
        };
        self.reading(table, &prefix)
            .range(&range, encoded)
            .map_err(unavailable)
    }
}
