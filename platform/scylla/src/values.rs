//! Values on their way to the cluster and back.
//!
//! Invariant: everything is bound, nothing left unset: an unset timestamp would be taken as now, and
//! would beat every version. Null is bound as null, so that a newer row clears what it does not have.

use schemas::tables::Value;
use scylla::deserialize::row::{ColumnIterator, DeserializeRow, RawColumn};
use scylla::deserialize::value::DeserializeValue;
use scylla::deserialize::{DeserializationError, TypeCheckError};
use scylla::frame::response::result::{ColumnSpec, ColumnType, NativeType};
use scylla::serialize::SerializationError;
use scylla::serialize::value::SerializeValue;
use scylla::serialize::writers::{CellWriter, WrittenCellProof};
use scylla::value::CqlTimestamp;

/// What a marker of a statement stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Marker<'a> {
    Value(&'a Value),
    Version(i64),
    /// A count of seconds or rows.
    Count(i32),
    /// Clustering keys of one table, each of them whole.
    Keys(&'a [Vec<Value>]),
    /// One of several such keys.
    Key(&'a [Value]),
}

impl SerializeValue for Marker<'_> {
    fn serialize<'b>(
        &self,
        typ: &ColumnType<'_>,
        writer: CellWriter<'b>,
    ) -> Result<WrittenCellProof<'b>, SerializationError> {
        match self {
            Self::Value(Value::Null) => Ok(writer.set_null()),
            Self::Value(Value::Text(text)) => (**text).serialize(typ, writer),
            Self::Value(Value::Blob(bytes)) => (&**bytes).serialize(typ, writer),
            Self::Value(Value::Int(n)) | Self::Count(n) => n.serialize(typ, writer),
            Self::Value(Value::BigInt(n)) | Self::Version(n) => n.serialize(typ, writer),
            Self::Value(Value::Boolean(yes)) => yes.serialize(typ, writer),
            Self::Value(Value::Timestamp(at)) => CqlTimestamp(*at).serialize(typ, writer),
            Self::Keys(keys) => {
                let keys: Vec<Marker<'_>> = keys.iter().map(|key| Marker::Key(key)).collect();
                keys.serialize(typ, writer)
            }
            Self::Key(values) => key(values, typ, writer),
        }
    }
}

/// A tuple, or the value itself if it is the only one.
fn key<'b>(
    values: &[Value],
    typ: &ColumnType<'_>,
    writer: CellWriter<'b>,
) -> Result<WrittenCellProof<'b>, SerializationError> {
    match (values, typ) {
        (values, ColumnType::Tuple(types)) if values.len() == types.len() => {
            let mut tuple = writer.into_value_builder();
            for (value, typ) in values.iter().zip(types) {
                Marker::Value(value).serialize(typ, tuple.make_sub_writer())?;
            }
            tuple.finish().map_err(SerializationError::new)
        }
        ([value], typ) => Marker::Value(value).serialize(typ, writer),
        _ => Err(SerializationError::new(UnexpectedType(format!("{typ:?}")))),
    }
}

/// Values of a row as they were selected.
pub(crate) struct Selected(pub(crate) Vec<Value>);

#[derive(Debug, thiserror::Error)]
#[error("unexpected type {0}")]
struct UnexpectedType(String);

impl<'frame, 'metadata> DeserializeRow<'frame, 'metadata> for Selected {
    /// Left to the values, which know every type that a table can have.
    fn type_check(_: &[ColumnSpec<'_>]) -> Result<(), TypeCheckError> {
        Ok(())
    }

    fn deserialize(row: ColumnIterator<'frame, 'metadata>) -> Result<Self, DeserializationError> {
        row.map(|column| value(&column?)).collect::<Result<_, _>>().map(Self)
    }
}

fn value(column: &RawColumn<'_, '_>) -> Result<Value, DeserializationError> {
    let ColumnType::Native(native) = column.spec.typ() else {
        return Err(unexpected(column));
    };
    Ok(match native {
        NativeType::Text => take::<&str>(column)?.map_or(Value::Null, Value::text),
        NativeType::Blob => take::<&[u8]>(column)?.map_or(Value::Null, Value::blob),
        NativeType::Int => take(column)?.map_or(Value::Null, Value::Int),
        NativeType::BigInt => take(column)?.map_or(Value::Null, Value::BigInt),
        NativeType::Boolean => take(column)?.map_or(Value::Null, Value::Boolean),
        NativeType::Timestamp => {
            take::<CqlTimestamp>(column)?.map_or(Value::Null, |at| Value::Timestamp(at.0))
        }
        _ => return Err(unexpected(column)),
    })
}

fn take<'frame, 'metadata, T: DeserializeValue<'frame, 'metadata>>(
    column: &RawColumn<'frame, 'metadata>,
) -> Result<Option<T>, DeserializationError> {
    Option::<T>::deserialize(column.spec.typ(), column.slice)
}

fn unexpected(column: &RawColumn<'_, '_>) -> DeserializationError {
    DeserializationError::new(UnexpectedType(format!("{:?}", column.spec.typ())))
}
