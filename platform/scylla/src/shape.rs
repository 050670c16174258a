//! Whether values are what a table defines; what is not is refused before anything is asked or
//! written.
//!
//! Invariant: of keys every column is there and has its type; of other columns some may be Null. What
//! the cluster would refuse of keys is refused here, so that a batch fails whole and by itself.

use std::time::Duration;

use platform::ports::{PutRow, Range, TablesError};
use schemas::tables::{Column, ColumnType, Table, Value};

/// Keys in one read: ScyllaDB takes no more in an `IN`.
const MAX_KEYS: usize = 100;
/// Rows in one batch, by the protocol.
const MAX_ROWS: usize = u16::MAX as usize;
/// Bytes of a partition key or a clustering key, by the storage's format.
const MAX_KEY_BYTES: usize = u16::MAX as usize;
/// What a column of a composite partition key takes besides its value.
const COMPONENT_BYTES: usize = 3;
/// 20 years, by the protocol.
const MAX_TIME_TO_LIVE: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);

pub(crate) fn check_partition(table: &Table, values: &[Value]) -> Result<(), TablesError> {
    check_key(table, table.partition, values)?;
    let alone = values.len() == 1;
    let bytes: usize =
        values.iter().map(|value| width(value) + if alone { 0 } else { COMPONENT_BYTES }).sum();
    // An empty key is how the cluster says that there is none.
    if bytes == 0 { Err(refused(table, "partition key is empty")) } else { check_width(table, bytes) }
}

pub(crate) fn check_keys(table: &Table, keys: &[Vec<Value>]) -> Result<(), TablesError> {
    if keys.len() > MAX_KEYS {
        return Err(refused(table, format!("{} keys in one read", keys.len())));
    }
    keys.iter().try_for_each(|key| check_clustering(table, key))
}

pub(crate) fn check_range(table: &Table, range: &Range) -> Result<(), TablesError> {
    if range.limit == 0 {
        return Err(refused(table, "a page of no rows"));
    }
    check_prefix(table, table.clustering, &range.from)?;
    check_prefix(table, table.clustering, &range.to)?;
    range.after.as_ref().map_or(Ok(()), |after| check_clustering(table, after))
}

pub(crate) fn check_rows(table: &Table, rows: &[PutRow]) -> Result<(), TablesError> {
    if rows.len() > MAX_ROWS {
        return Err(refused(table, format!("{} rows in one batch", rows.len())));
    }
    rows.iter().try_for_each(|row| {
        check_clustering(table, &row.key)?;
        check_columns(table, &row.columns)?;
        // The cluster's word for "no version".
        if row.version.0 == i64::MIN {
            return Err(refused(table, "version is too low"));
        }
        seconds_to_live(table, row).map(|_| ())
    })
}

/// By the row or its table, in whole seconds and at least one; 0 is for ever.
pub(crate) fn seconds_to_live(table: &Table, row: &PutRow) -> Result<i32, TablesError> {
    let Some(time) = row.time_to_live.or(table.time_to_live) else {
        return Ok(0);
    };
    let whole = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    match i32::try_from(whole.max(1)) {
        Ok(seconds) if time <= MAX_TIME_TO_LIVE => Ok(seconds),
        _ => Err(refused(table, "time to live is above 20 years")),
    }
}

fn check_clustering(table: &Table, values: &[Value]) -> Result<(), TablesError> {
    check_key(table, table.clustering, values)?;
    check_width(table, values.iter().map(width).sum())
}

fn check_key(table: &Table, columns: &[Column], values: &[Value]) -> Result<(), TablesError> {
    if values.len() != columns.len() {
        return Err(refused(table, format!("{} key columns, not {}", columns.len(), values.len())));
    }
    check_prefix(table, columns, values)
}

fn check_prefix(table: &Table, columns: &[Column], values: &[Value]) -> Result<(), TablesError> {
    if values.len() > columns.len() {
        return Err(refused(table, format!("{} key columns, not {}", columns.len(), values.len())));
    }
    match columns.iter().zip(values).find(|(column, value)| !is_of(column.kind, value)) {
        Some((column, _)) => Err(refused(table, format!("key column {} has another type", column.name))),
        None => Ok(()),
    }
}

fn check_columns(table: &Table, values: &[Value]) -> Result<(), TablesError> {
    if values.len() != table.columns.len() {
        return Err(refused(table, format!("{} columns, not {}", table.columns.len(), values.len())));
    }
    let fits = |(column, value): &(&Column, &Value)| **value == Value::Null || is_of(column.kind, value);
    match table.columns.iter().zip(values).find(|pair| !fits(pair)) {
        Some((column, _)) => Err(refused(table, format!("column {} has another type", column.name))),
        None => Ok(()),
    }
}

fn check_width(table: &Table, bytes: usize) -> Result<(), TablesError> {
    if bytes > MAX_KEY_BYTES { Err(refused(table, "key is too long")) } else { Ok(()) }
}

fn is_of(kind: ColumnType, value: &Value) -> bool {
    matches!(
        (kind, value),
        (ColumnType::Text, Value::Text(_))
            | (ColumnType::Blob, Value::Blob(_))
            | (ColumnType::Int, Value::Int(_))
            | (ColumnType::BigInt, Value::BigInt(_))
            | (ColumnType::Boolean, Value::Boolean(_))
            | (ColumnType::Timestamp, Value::Timestamp(_))
    )
}

/// Bytes of a value on the wire.
fn width(value: &Value) -> usize {
    match value {
        Value::Null => 0,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Int(_) => 4,
        Value::BigInt(_) | Value::Timestamp(_) => 8,
        Value::Boolean(_) => 1,
    }
}

pub(crate) fn refused(table: &Table, why: impl std::fmt::Display) -> TablesError {
    TablesError::Refused(format!("{}: {why}", table.name))
}

#[cfg(test)]
mod tests {
    use schemas::position::Version;
    use schemas::tables::{MESSAGES, SNAPSHOTS, USERS};

    use super::*;

    fn row(time_to_live: Option<Duration>) -> PutRow {
        PutRow { key: vec![], columns: vec![Value::Null; 3], version: Version(1), time_to_live }
    }

    #[test]
    fn a_time_to_live_is_in_whole_seconds_and_never_for_ever() {
        let seconds = |table, time| seconds_to_live(table, &row(time)).ok();
        assert_eq!(seconds(&USERS, None), Some(0));
        assert_eq!(seconds(&SNAPSHOTS, None), Some(25 * 60 * 60));
        assert_eq!(seconds(&SNAPSHOTS, Some(Duration::from_secs(7))), Some(7));
        assert_eq!(seconds(&USERS, Some(Duration::from_millis(1_001))), Some(2));
        assert_eq!(seconds(&USERS, Some(Duration::ZERO)), Some(1));
        assert_eq!(seconds(&USERS, Some(MAX_TIME_TO_LIVE + Duration::from_secs(1))), None);
        assert_eq!(seconds(&USERS, Some(Duration::MAX)), None);
    }

    #[test]
    fn what_the_cluster_would_refuse_is_refused() {
        assert!(check_partition(&USERS, &[Value::text("")]).is_err());
        assert!(check_partition(&MESSAGES, &[Value::text(""), Value::BigInt(0)]).is_ok());
        let long = Value::text(&"a".repeat(MAX_KEY_BYTES));
        assert!(check_partition(&USERS, std::slice::from_ref(&long)).is_ok());
        assert!(check_partition(&MESSAGES, &[long.clone(), Value::BigInt(0)]).is_err());
        assert!(check_keys(&MESSAGES, &[vec![Value::BigInt(0), long]]).is_err());
        let key = vec![Value::BigInt(0), Value::text("")];
        assert!(check_keys(&MESSAGES, &vec![key.clone(); 100]).is_ok());
        assert!(check_keys(&MESSAGES, &vec![key; 101]).is_err());
        assert!(check_rows(&USERS, &[PutRow { version: Version(i64::MIN), ..row(None) }]).is_err());
        assert!(check_range(&USERS, &Range::default()).is_err());
    }
}
