//! The policy.

use schemas::Refusal;
use schemas::control::{Policy, PolicyVersion};
use schemas::tables::{FromValues, POLICIES, Value};

use super::{Rows, decode, malformed};
use crate::error::tables_error;

impl Rows {
    /// The policy that was last put in force, if any was.
    pub async fn policy(&self) -> Result<Option<Policy>, Refusal> {
        let partition = [Value::text("policy")];
        let rows = self.tables.get(&POLICIES, &partition, &[vec![]]).await.map_err(tables_error)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let body = FromValues::new(POLICIES.name, &row.columns).blob().map_err(malformed)?;
        Ok(Some(decode::<PolicyVersion>(body)?.policy))
    }
}
