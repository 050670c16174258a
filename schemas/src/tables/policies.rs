//! The policy that was last put in force, the one row of its table.

use super::POLICIES;
use super::values::{FromValues, MalformedRow, Value};
use crate::avro;
use crate::control::PolicyVersion;

pub fn partition() -> [Value; 1] {
    [Value::text("policy")]
}

pub fn to_columns(policy: &PolicyVersion) -> Vec<Value> {
    vec![Value::blob(&avro::encode(policy))]
}

pub fn from_columns(columns: &[Value]) -> Result<PolicyVersion, MalformedRow> {
    let body = FromValues::new(POLICIES.name, columns).blob()?;
    avro::decode(body).map_err(|_| MalformedRow { table: POLICIES.name, column: 0 })
}
