//! Effects on the ports: what they read and write, repeated until it holds.
//!
//! Invariant: nothing is given up. A write that may have happened is repeated with the same version,
//! which changes nothing if it had.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{BoxFuture, try_join_all};
use schemas::fold::Fold;
use schemas::owner::{self, RowKey};
use schemas::position::Version;
use schemas::tables::views::ViewRow;
use schemas::tables::{FromValues, Table, Value};

use super::RunnerError;
use super::effect::StoredBytes;
use crate::clock::Clock;
use crate::ports::{PutRow, Range, Row, Tables, TablesError};

/// Resident rows that are loaded with an owner; beyond them rows are read by key.
const RESIDENT_ROWS: usize = 4_096 + 64;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Repeats a call until it is answered, or refused for good.
pub async fn until_answered<'a, T>(
    clock: &dyn Clock,
    call: impl Fn() -> BoxFuture<'a, Result<T, TablesError>> + Send,
) -> Result<T, RunnerError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(TablesError::Unavailable(reason)) => {
                tracing::warn!(reason, pause_ms = pause.as_millis() as u64, "tables unavailable");
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(refused @ TablesError::Refused(_)) => return Err(RunnerError::Tables(refused)),
        }
    }
}

/// State, last batch and resident rows; whether all of them.
pub async fn load<F: Fold>(tables: &dyn Tables, id: &F::Id) -> Result<(Vec<StoredBytes>, bool), TablesError> {
    let range = Range {
        from: vec![Value::Int(owner::STATE)],
        to: vec![Value::Int(F::LAST_RESIDENT_KIND)],
        limit: RESIDENT_ROWS,
        ..Range::default()
    };
    let page = tables.range(F::table(), &partition_of(id), range).await?;
    Ok((stored(F::table(), page.rows)?, page.next.is_none()))
}

/// State, last batch and these rows, as of one moment.
pub async fn read<F: Fold>(
    tables: &dyn Tables,
    id: &F::Id,
    keys: &[RowKey],
) -> Result<Vec<StoredBytes>, TablesError> {
    let fixed = [RowKey::state(), RowKey::last_batch()];
    let keys: Vec<Vec<Value>> = fixed.iter().chain(keys).map(key_values).collect();
    stored(F::table(), tables.get(F::table(), &partition_of(id), &keys).await?)
}

pub async fn write_views(tables: &dyn Tables, views: &[(ViewRow, Version)]) -> Result<(), TablesError> {
    let mut partitions: BTreeMap<(&str, &[Value]), (&'static Table, Vec<PutRow>)> = BTreeMap::new();
    for (view, version) in views {
        let (_, rows) = partitions
            .entry((view.table.name, &view.partition))
            .or_insert_with(|| (view.table, Vec::new()));
        rows.push(PutRow {
            key: view.key.clone(),
            columns: view.columns.clone(),
            version: *version,
            time_to_live: None,
        });
    }
    let puts = partitions.iter().map(|((_, partition), (table, rows))| tables.put(table, partition, rows.clone()));
    try_join_all(puts).await.map(|_| ())
}

pub async fn write_rows<F: Fold>(
    tables: &dyn Tables,
    id: &F::Id,
    rows: &[StoredBytes],
) -> Result<(), TablesError> {
    let put = |row: &StoredBytes| PutRow {
        key: key_values(&row.key),
        columns: vec![Value::blob(&row.body)],
        version: row.version,
        time_to_live: row.seconds_to_live.map(Duration::from_secs),
    };
    tables.put(F::table(), &partition_of(id), rows.iter().map(put).collect()).await
}

fn partition_of(id: &impl std::fmt::Display) -> Vec<Value> {
    vec![Value::text(&id.to_string())]
}

fn key_values(key: &RowKey) -> Vec<Value> {
    vec![Value::Int(key.kind), Value::blob(&key.key)]
}

fn stored(table: &'static Table, rows: Vec<Row>) -> Result<Vec<StoredBytes>, TablesError> {
    let each = |row: Row| {
        let mut key = FromValues::new(table.name, &row.key);
        let mut columns = FromValues::new(table.name, &row.columns);
        Ok(StoredBytes {
            key: RowKey { kind: key.int()?, key: key.blob()?.to_vec() },
            body: columns.blob()?.to_vec().into(),
            version: row.version,
            seconds_to_live: None,
        })
    };
    rows.into_iter()
        .map(each)
        .collect::<Result<_, schemas::tables::MalformedRow>>()
        .map_err(|error| TablesError::Refused(error.to_string()))
}
