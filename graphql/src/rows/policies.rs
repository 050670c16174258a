//! The policy.

use schemas::Refusal;
use schemas::control::Policy;
use schemas::tables::{POLICIES, policies};

use super::{Rows, malformed};
use crate::error::tables_error;

impl Rows {
    /// The policy that was last put in force, if any was.
    pub async fn policy(&self) -> Result<Option<Policy>, Refusal> {
        let partition = policies::partition();
        let rows = self.tables.get(&POLICIES, &partition, &[vec![]]).await.map_err(tables_error)?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(policies::from_columns(&row.columns).map_err(malformed)?.policy))
    }
}
