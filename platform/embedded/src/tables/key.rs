//! Keys of rows: table number, partition, clustering, each column in its order.
//!
//! Invariants:
//! - Encoded keys of one table sort as their values do, column by column.
//! - No encoded column is a prefix of another one of its type, so the rows under a prefix of columns
//!   are exactly the keys that start with its bytes.

use std::sync::Arc;

use schemas::tables::{Column, ColumnType, Value};

use crate::bytes::{Malformed, Parts};

/// Stands for 0x00 inside a text or blob, after a 0x00.
const ESCAPED: u8 = 0xff;
/// Ends a text or blob, after a 0x00: lower than any continuation.
const END: u8 = 0x00;

/// Appends the columns. A value of another type, or Null, is refused by its column's name.
pub(super) fn put_columns(
    out: &mut Vec<u8>,
    columns: &[Column],
    values: &[Value],
) -> Result<(), &'static str> {
    for (column, value) in columns.iter().zip(values) {
        match (column.kind, value) {
            (ColumnType::Text, Value::Text(text)) => put_escaped(out, text.as_bytes()),
            (ColumnType::Blob, Value::Blob(bytes)) => put_escaped(out, bytes),
            (ColumnType::Int, Value::Int(n)) => out.extend((n ^ i32::MIN).to_be_bytes()),
            (ColumnType::BigInt, Value::BigInt(n)) | (ColumnType::Timestamp, Value::Timestamp(n)) => {
                out.extend((n ^ i64::MIN).to_be_bytes());
            }
            (ColumnType::Boolean, Value::Boolean(yes)) => out.push(u8::from(*yes)),
            _ => return Err(column.name),
        }
    }
    Ok(())
}

/// Takes all columns out of an encoded key.
pub(super) fn take_columns(parts: &mut Parts<'_>, columns: &[Column]) -> Result<Vec<Value>, Malformed> {
    columns
        .iter()
        .map(|column| {
            Ok(match column.kind {
                ColumnType::Text => {
                    let text = String::from_utf8(take_escaped(parts)?).map_err(|_| Malformed)?;
                    Value::Text(text.into())
                }
                ColumnType::Blob => Value::Blob(Arc::from(take_escaped(parts)?)),
                ColumnType::Int => Value::Int(i32::from_be_bytes(parts.array()?) ^ i32::MIN),
                ColumnType::BigInt => Value::BigInt(parts.i64()? ^ i64::MIN),
                ColumnType::Timestamp => Value::Timestamp(parts.i64()? ^ i64::MIN),
                ColumnType::Boolean => Value::Boolean(parts.byte()? != 0),
            })
        })
        .collect()
}

fn put_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(*byte);
        if *byte == 0 {
            out.push(ESCAPED);
        }
    }
    out.extend([0, END]);
}

fn take_escaped(parts: &mut Parts<'_>) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::new();
    loop {
        match parts.byte()? {
            0 => match parts.byte()? {
                END => return Ok(bytes),
                ESCAPED => bytes.push(0),
                _ => return Err(Malformed),
            },
            byte => bytes.push(byte),
        }
    }
}

/// The lowest key above everything that starts with `prefix`.
pub(super) fn after_prefix(mut prefix: Vec<u8>) -> Vec<u8> {
    while prefix.last() == Some(&u8::MAX) {
        prefix.pop();
    }
    // Never empty: a key begins with a table's number, and there are not 65,535 tables.
    if let Some(last) = prefix.last_mut() {
        *last += 1;
    }
    prefix
}

/// The lowest key above `key`.
pub(super) fn after(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: [Column; 6] = [
        Column { name: "text", kind: ColumnType::Text },
        Column { name: "blob", kind: ColumnType::Blob },
        Column { name: "int", kind: ColumnType::Int },
        Column { name: "bigint", kind: ColumnType::BigInt },
        Column { name: "boolean", kind: ColumnType::Boolean },
        Column { name: "timestamp", kind: ColumnType::Timestamp },
    ];

    fn encode(values: &[Value]) -> Vec<u8> {
        let mut out = Vec::new();
        put_columns(&mut out, &COLUMNS, values).expect("values of the columns' types");
        out
    }

    /// Few values, so that columns are often equal and the next one decides.
    fn values() -> impl Strategy<Value = Vec<Value>> {
        (
            "[a\u{0}\u{ff}]{0,3}",
            prop::collection::vec(prop::sample::select(vec![0_u8, 1, 255]), 0..4),
            prop_oneof![-2..2_i32, any::<i32>()],
            prop_oneof![-2..2_i64, any::<i64>()],
            any::<bool>(),
            prop_oneof![-2..2_i64, any::<i64>()],
        )
            .prop_map(|(text, blob, int, bigint, boolean, timestamp)| {
                vec![
                    Value::text(&text),
                    Value::blob(&blob),
                    Value::Int(int),
                    Value::BigInt(bigint),
                    Value::Boolean(boolean),
                    Value::Timestamp(timestamp),
                ]
            })
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_values(a in values(), b in values()) {
            prop_assert_eq!(encode(&a).cmp(&encode(&b)), a.cmp(&b));
        }

        #[test]
        fn keys_are_read_back(a in values()) {
            let encoded = encode(&a);
            let mut parts = Parts::new(&encoded);
            prop_assert_eq!(take_columns(&mut parts, &COLUMNS), Ok(a));
            prop_assert!(parts.is_empty());
        }

        #[test]
        fn a_prefix_of_columns_is_a_prefix_of_bytes_and_of_nothing_else(
            a in values(), b in values(), length in 0..6_usize,
        ) {
            prop_assert_eq!(encode(&b).starts_with(&encode(&a[..length])), b.starts_with(&a[..length]));
        }
    }

    #[test]
    fn what_follows_a_prefix_is_above_all_that_starts_with_it() {
        assert_eq!(after_prefix(vec![1, 2]), [1, 3]);
        assert_eq!(after_prefix(vec![1, 255, 255]), [2]);
        assert!(after(vec![1, 2]) > vec![1, 2] && after(vec![1, 2]) <= vec![1, 2, 0]);
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let mut out = Vec::new();
        assert_eq!(put_columns(&mut out, &COLUMNS, &[Value::Null]), Err("text"));
        assert_eq!(put_columns(&mut out, &COLUMNS, &[Value::text("a"), Value::text("b")]), Err("blob"));
    }
}
