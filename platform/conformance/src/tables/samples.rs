//! Tables that cases use, with every column type as key and as column.
//!
//! Invariant: a fixture creates all of [`ALL`] as it creates the system's.

use schemas::tables::{Column, ColumnType, Table, Value};

const fn column(name: &'static str, kind: ColumnType) -> Column {
    Column { name, kind }
}

/// Rows by number and name, with columns of every type.
pub static NUMBERED: Table = Table {
    name: "conformance_numbered",
    purpose: "rows of conformance cases",
    partition: &[column("case_name", ColumnType::Text)],
    clustering: &[column("number", ColumnType::BigInt), column("name", ColumnType::Text)],
    columns: &[
        column("a_text", ColumnType::Text),
        column("a_blob", ColumnType::Blob),
        column("an_int", ColumnType::Int),
        column("a_bigint", ColumnType::BigInt),
        column("a_boolean", ColumnType::Boolean),
        column("a_timestamp", ColumnType::Timestamp),
    ],
    time_to_live: None,
};

/// Rows whose keys have every type.
pub static KEYED: Table = Table {
    name: "conformance_keyed",
    purpose: "rows of conformance cases about keys",
    partition: &[
        column("case_name", ColumnType::Text),
        column("a_blob", ColumnType::Blob),
        column("an_int", ColumnType::Int),
    ],
    clustering: &[
        column("int_key", ColumnType::Int),
        column("text_key", ColumnType::Text),
        column("blob_key", ColumnType::Blob),
        column("boolean_key", ColumnType::Boolean),
        column("timestamp_key", ColumnType::Timestamp),
    ],
    columns: &[column("a_text", ColumnType::Text)],
    time_to_live: None,
};

/// One row a partition.
pub static SINGLE: Table = Table {
    name: "conformance_single",
    purpose: "the one row of a conformance case",
    partition: &[column("case_name", ColumnType::Text)],
    clustering: &[],
    columns: &[column("a_text", ColumnType::Text)],
    time_to_live: None,
};

pub static ALL: [&Table; 3] = [&NUMBERED, &KEYED, &SINGLE];

/// Columns of [`NUMBERED`], all of them derived from a text.
pub fn columns(text: &str) -> Vec<Value> {
    vec![
        Value::text(text),
        Value::blob(text.as_bytes()),
        Value::Int(text.len() as i32),
        Value::BigInt(-(text.len() as i64)),
        Value::Boolean(text.len().is_multiple_of(2)),
        Value::Timestamp(text.len() as i64),
    ]
}
