//! An owner's rows in its table: how they are read and written.
//!
//! Invariants: an owner's state is written with its rows in one batch; rows are read as of the state that is
//! read with them.

use std::time::Duration;

use fold::Fold;
use schemas::rows::{self, RowKey};
use schemas::tables::{Table, Value};

use super::effect::StoredBytes;
use crate::ports::{PutRow, Range, Row, Tables, TablesError};

/// Rows that are read in one statement.
const PAGE_ROWS: usize = 4_096 + 64;

/// State, last batch and resident rows, as many as the fold wants loaded; whether all of them.
pub async fn load<F: Fold>(tables: &dyn Tables, id: &F::Id) -> Result<(Vec<StoredBytes>, bool), TablesError> {
    let most = F::LOADED_ROWS.unwrap_or(usize::MAX);
    let (mut loaded, mut pages, mut after) = (vec![], 0, None);
    loop {
        let range = Range {
            from: vec![Value::Int(rows::STATE)],
            to: vec![Value::Int(rows::LAST_RESIDENT)],
            limit: PAGE_ROWS.min(most - loaded.len()),
            after,
            ..Range::default()
        };
        let page = tables.range(F::table(), &partition_of(id), range).await?;
        loaded.extend(page.rows);
        (after, pages) = (page.next, pages + 1);
        if after.is_none() || loaded.len() >= most {
            break;
        }
    }
    let loaded = stored(F::table(), loaded)?;
    let version =
        |rows: &[StoredBytes]| rows.iter().find(|row| row.key.kind == rows::STATE).map(|row| row.version);
    // Several pages are as of one moment only if nothing was written meanwhile.
    if pages > 1 && version(&loaded) != version(&read::<F>(tables, id, &[]).await?) {
        return Err(TablesError::Unavailable("an owner was written while it was read".to_owned()));
    }
    Ok((loaded, after.is_none()))
}

/// State, last batch and these rows, as of one moment.
pub async fn read<F: Fold>(
    tables: &dyn Tables,
    id: &F::Id,
    keys: &[RowKey],
) -> Result<Vec<StoredBytes>, TablesError> {
    let fixed = [RowKey::state(), RowKey::last_batch()];
    let keys: Vec<Vec<Value>> = fixed.iter().chain(keys).map(RowKey::to_values).collect();
    stored(F::table(), tables.get(F::table(), &partition_of(id), &keys).await?)
}

pub async fn write_rows<F: Fold>(
    tables: &dyn Tables,
    id: &F::Id,
    rows: &[StoredBytes],
) -> Result<(), TablesError> {
    let put = |row: &StoredBytes| PutRow {
        key: row.key.to_values(),
        columns: vec![Value::blob(&row.body)],
        version: row.version,
        time_to_live: row.seconds_to_live.map(Duration::from_secs),
    };
    tables.put(F::table(), &partition_of(id), rows.iter().map(put).collect()).await
}

fn partition_of(id: &impl std::fmt::Display) -> Vec<Value> {
    vec![Value::text(&id.to_string())]
}

fn stored(table: &'static Table, rows: Vec<Row>) -> Result<Vec<StoredBytes>, TablesError> {
    let each = |row: Row| {
        let (key, body) = RowKey::of_row(table.name, &row.key, &row.columns)?;
        Ok(StoredBytes { key, body: body.to_vec().into(), version: row.version, seconds_to_live: None })
    };
    rows.into_iter()
        .map(each)
        .collect::<Result<_, schemas::tables::MalformedRow>>()
        .map_err(|error| TablesError::Refused(error.to_string()))
}
