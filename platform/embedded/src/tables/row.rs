//! Rows as stored: form, version, expiry, columns, each with its type.
//!
//! Invariants:
//! - Of two writes of a row one wins whatever their order: the higher version, at equal versions
//!   the columns whose bytes are greater. Equal writes change nothing, not even the expiry.
//! - A column that was added to its table later reads as Null.

use std::cmp::Ordering;

use schemas::position::{LogTime, Version};
use schemas::tables::Value;

use crate::bytes::{Malformed, Parts, put_bytes};

const FORM: u8 = 1;
/// Expiry of rows that stay.
pub(super) const NEVER: LogTime = LogTime::MAX;

const NULL: u8 = 0;
const TEXT: u8 = 1;
const BLOB: u8 = 2;
const INT: u8 = 3;
const BIG_INT: u8 = 4;
const BOOLEAN: u8 = 5;
const TIMESTAMP: u8 = 6;

pub(super) struct StoredRow<'a> {
    pub(super) version: Version,
    /// First moment at which the row is not there any more.
    pub(super) expires: LogTime,
    columns: &'a [u8],
}

impl<'a> StoredRow<'a> {
    pub(super) fn parse(stored: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Parts::new(stored);
        if parts.byte()? != FORM {
            return Err(Malformed);
        }
        Ok(Self { version: Version(parts.i64()?), expires: parts.i64()?, columns: parts.rest() })
    }

    pub(super) fn wins_over(&self, other: &Self) -> bool {
        self.version.cmp(&other.version).then(self.columns.cmp(other.columns)) == Ordering::Greater
    }

    /// The first `count` columns.
    pub(super) fn columns(&self, count: usize) -> Result<Vec<Value>, Malformed> {
        let mut parts = Parts::new(self.columns);
        (0..count).map(|_| if parts.is_empty() { Ok(Value::Null) } else { take_value(&mut parts) }).collect()
    }
}

pub(super) fn encode(version: Version, expires: LogTime, columns: &[Value]) -> Vec<u8> {
    let mut out = vec![FORM];
    out.extend(version.0.to_be_bytes());
    out.extend(expires.to_be_bytes());
    for value in columns {
        put_value(&mut out, value);
    }
    out
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Text(text) => {
            out.push(TEXT);
            put_bytes(out, text.as_bytes());
        }
        Value::Blob(bytes) => {
            out.push(BLOB);
            put_bytes(out, bytes);
        }
        Value::Int(n) => {
            out.push(INT);
            out.extend(n.to_be_bytes());
        }
        Value::BigInt(n) => {
            out.push(BIG_INT);
            out.extend(n.to_be_bytes());
        }
        Value::Boolean(yes) => out.extend([BOOLEAN, u8::from(*yes)]),
        Value::Timestamp(at) => {
            out.push(TIMESTAMP);
            out.extend(at.to_be_bytes());
        }
    }
}

fn take_value(parts: &mut Parts<'_>) -> Result<Value, Malformed> {
    Ok(match parts.byte()? {
        NULL => Value::Null,
        TEXT => Value::text(std::str::from_utf8(parts.bytes()?).map_err(|_| Malformed)?),
        BLOB => Value::blob(parts.bytes()?),
        INT => Value::Int(i32::from_be_bytes(parts.array()?)),
        BIG_INT => Value::BigInt(parts.i64()?),
        BOOLEAN => Value::Boolean(parts.byte()? != 0),
        TIMESTAMP => Value::Timestamp(parts.i64()?),
        _ => return Err(Malformed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_the_store() {
        let columns = [
            Value::Null,
            Value::text("é\0"),
            Value::blob(&[0, 255]),
            Value::Int(-1),
            Value::BigInt(i64::MIN),
            Value::Boolean(true),
            Value::Timestamp(9),
        ];
        let stored = encode(Version(5), 77, &columns);
        let row = StoredRow::parse(&stored).expect("just encoded");
        assert_eq!((row.version, row.expires), (Version(5), 77));
        assert_eq!(row.columns(7).as_deref(), Ok(columns.as_slice()));
        assert_eq!(row.columns(8).map(|columns| columns[7].clone()), Ok(Value::Null));
    }

    #[test]
    fn the_higher_version_wins_then_the_greater_columns() {
        let row = |version, text| encode(Version(version), NEVER, &[Value::text(text)]);
        let wins = |a: &[u8], b: &[u8]| {
            let parse = |stored| StoredRow::parse(stored).expect("just encoded");
            (parse(a).wins_over(&parse(b)), parse(b).wins_over(&parse(a)))
        };
        assert_eq!(wins(&row(2, "a"), &row(1, "b")), (true, false));
        assert_eq!(wins(&row(1, "b"), &row(1, "a")), (true, false));
        assert_eq!(wins(&row(1, "a"), &row(1, "a")), (false, false));
    }
}
