//! Whether values are what a table defines; what is not is refused before anything is written.
//!
//! Invariant: of keys every column is there and has its type; of other columns some may be Null.

use platform::ports::TablesError;
use schemas::tables::{Column, ColumnType, Table, Value};

use super::key;
use super::writer::EXPIRY_PREFIX;

/// What fjall allows, less what an entry of an expiry adds.
const MAX_KEY_BYTES: usize = u16::MAX as usize - EXPIRY_PREFIX;

/// Appends columns of a key; all of them must be there.
pub(super) fn put_key(
    key: &mut Vec<u8>,
    table: &Table,
    columns: &[Column],
    values: &[Value],
) -> Result<(), TablesError> {
    if values.len() != columns.len() {
        return Err(refused(table, format!("{} key columns, not {}", columns.len(), values.len())));
    }
    put_key_prefix(key, table, columns, values)
}

pub(super) fn put_key_prefix(
    key: &mut Vec<u8>,
    table: &Table,
    columns: &[Column],
    values: &[Value],
) -> Result<(), TablesError> {
    if values.len() > columns.len() {
        return Err(refused(table, format!("{} key columns, not {}", columns.len(), values.len())));
    }
    key::put_columns(key, columns, values)
        .map_err(|column| refused(table, format!("key column {column} has another type")))?;
    if key.len() > MAX_KEY_BYTES {
        return Err(refused(table, "key is too long".into()));
    }
    Ok(())
}

pub(super) fn check_columns(table: &Table, values: &[Value]) -> Result<(), TablesError> {
    if values.len() != table.columns.len() {
        return Err(refused(table, format!("{} columns, not {}", table.columns.len(), values.len())));
    }
    match table.columns.iter().zip(values).find(|(column, value)| !is_of(column.kind, value)) {
        Some((column, _)) => Err(refused(table, format!("column {} has another type", column.name))),
        None => Ok(()),
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

pub(super) fn refused(table: &Table, why: String) -> TablesError {
    TablesError::Refused(format!("{}: {why}", table.name))
}
