//! What is left of the viewer's limits, as rows count them.

use domain::account::limits::{self, Left};
use schemas::code::Refusal;

use super::Access;

impl Access<'_> {
    pub async fn limits(&self) -> Result<Vec<Left>, Refusal> {
        let rows = &self.reads.rows;
        let Some(policy) = rows.policy().await? else { return Ok(vec![]) };
        let state = rows.account(self.viewer).await?;
        let uses = rows.usage(self.viewer).await?;
        Ok(limits::left(&state, &uses, &policy.limits, self.now()))
    }
}
