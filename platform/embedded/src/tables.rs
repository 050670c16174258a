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
mod shape;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use fjall::{Database, Keyspace};
use platform::clock::SharedClock;
use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
use schemas::position::LogTime;
use schemas::tables::{Table, Value};
use tokio::sync::oneshot;

use crate::bytes::Malformed;
use crate::committer::{Closed, Committer};
use crate::health::Health;
use crate::locked;
use crate::meta::{Meta, MetaError};
use crate::store::OpenError;
use read::{EncodedRange, Reading};
use shape::{check_columns, put_key, put_key_prefix, refused};
use writer::{Command, Writer};

/// Keys in one [`Tables::get`].
const MAX_KEYS: usize = 100;
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
    health: Arc<Health>,
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
        health: Arc<Health>,
    ) -> Result<Self, OpenError> {
        let mut writer = Writer::new(database.clone(), rows.clone(), Arc::clone(&health));
        let committer =
            Committer::start("table-writes", Arc::clone(&health), move |group| writer.commit(group))?;
        Ok(Self { database, rows, meta, clock, numbers: Mutex::default(), health, committer })
    }

    /// Removes rows that are expired at `now`; says how many expiries were dealt with.
    ///
    /// The store does this every minute by itself.
    pub async fn sweep(&self, now: LogTime) -> Result<u64, TablesError> {
        let mut removed = 0;
        loop {
            let (done, swept) = oneshot::channel();
            let step = Command::Sweep { now, limit: SWEEP_ROWS, done };
            if self.committer.push(step, 1).await.is_err() {
                return Ok(removed);
            }
            let step = self.answer(swept).await?;
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

    async fn answer<T>(&self, answer: oneshot::Receiver<Result<T, TablesError>>) -> Result<T, TablesError> {
        self.health.answer(answer).await.unwrap_or_else(|| Err(self.closed()))
    }

    fn closed(&self) -> TablesError {
        TablesError::Unavailable(self.health.failure().unwrap_or("the store was closed").to_owned())
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
    fn partition(&self, table: &'static Table, partition: &[Value]) -> Result<Vec<u8>, TablesError> {
        let mut key = self.number(table)?.to_be_bytes().to_vec();
        put_key(&mut key, table, table.partition, partition)?;
        Ok(key)
    }

    fn reading<'a>(&'a self, table: &'static Table, partition: &'a [u8]) -> Reading<'a> {
        Reading { database: &self.database, rows: &self.rows, table, partition, now: self.clock.now() }
    }
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
            .push(Command::Put { rows: encoded, done }, bytes)
            .await
            .map_err(|Closed| self.closed())?;
        self.answer(written).await
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
        self.reading(table, &prefix).get(encoded).map_err(unavailable)
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
        let encoded = EncodedRange { from: bound(&range.from)?, to: bound(&range.to)?, after };
        self.reading(table, &prefix).range(&range, encoded).map_err(unavailable)
    }
}

fn expiry(table: &Table, row: &PutRow, now: LogTime) -> LogTime {
    match row.time_to_live.or(table.time_to_live) {
        Some(age) => now.saturating_add(LogTime::try_from(age.as_millis()).unwrap_or(row::NEVER)),
        None => row::NEVER,
    }
}
