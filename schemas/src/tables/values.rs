//! Values of columns.

use std::sync::Arc;

/// A column's value; the variant is the column's type, or `Null`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Text(Arc<str>),
    Blob(Arc<[u8]>),
    Int(i32),
    BigInt(i64),
    Boolean(bool),
    /// Milliseconds since 1970.
    Timestamp(i64),
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    pub fn blob(bytes: &[u8]) -> Self {
        Self::Blob(bytes.into())
    }

    pub fn text_or_null(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::text)
    }
}

/// A row does not have the columns that its table defines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row of {table} is malformed at column {column}")]
pub struct MalformedRow {
    pub table: &'static str,
    pub column: usize,
}

/// Takes typed values out of a row, in order.
pub struct FromValues<'a> {
    table: &'static str,
    values: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
    at: usize,
}

impl<'a> FromValues<'a> {
    pub fn new(table: &'static str, values: &'a [Value]) -> Self {
        Self { table, values: values.iter().enumerate(), at: 0 }
    }

    fn next(&mut self) -> Result<&'a Value, MalformedRow> {
        let next = self.values.next();
        self.at = next.map_or(self.at + 1, |(at, _)| at);
        next.map(|(_, value)| value).ok_or(self.malformed())
    }

    fn malformed(&self) -> MalformedRow {
        MalformedRow { table: self.table, column: self.at }
    }

    pub fn text(&mut self) -> Result<&'a str, MalformedRow> {
        self.text_or_null()?.ok_or(self.malformed())
    }

    pub fn text_or_null(&mut self) -> Result<Option<&'a str>, MalformedRow> {
        match self.next()? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(self.malformed()),
        }
    }

    pub fn blob(&mut self) -> Result<&'a [u8], MalformedRow> {
        self.blob_or_null()?.ok_or(self.malformed())
    }

    pub fn blob_or_null(&mut self) -> Result<Option<&'a [u8]>, MalformedRow> {
        match self.next()? {
            Value::Blob(bytes) => Ok(Some(bytes)),
            Value::Null => Ok(None),
            _ => Err(self.malformed()),
        }
    }

    pub fn int(&mut self) -> Result<i32, MalformedRow> {
        match self.next()? {
            Value::Int(n) => Ok(*n),
            _ => Err(self.malformed()),
        }
    }

    pub fn bigint(&mut self) -> Result<i64, MalformedRow> {
        self.bigint_or_null()?.ok_or(self.malformed())
    }

    pub fn bigint_or_null(&mut self) -> Result<Option<i64>, MalformedRow> {
        match self.next()? {
            Value::BigInt(n) => Ok(Some(*n)),
            Value::Null => Ok(None),
            _ => Err(self.malformed()),
        }
    }

    pub fn boolean(&mut self) -> Result<bool, MalformedRow> {
        match self.next()? {
            Value::Boolean(value) => Ok(*value),
            _ => Err(self.malformed()),
        }
    }

    pub fn timestamp(&mut self) -> Result<i64, MalformedRow> {
        match self.next()? {
            Value::Timestamp(ms) => Ok(*ms),
            _ => Err(self.malformed()),
        }
    }
}
