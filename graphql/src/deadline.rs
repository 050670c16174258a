//! The time that an operation may take.
//!
//! Invariant: a mutation that is cut off answers OUTCOME_PENDING, because it may have had its effect.

use std::time::Duration;

use async_graphql::parser::types::OperationType;
use schemas::{ErrorCode, Refusal};
use tokio::time::timeout;

/// How long an operation may take, or a subscription to start.
pub const OPERATION_WITHIN: Duration = Duration::from_secs(10);

/// Runs an operation for as long as one may take.
pub async fn in_time<T>(kind: OperationType, operation: impl Future<Output = T>) -> Result<T, Refusal> {
    timeout(OPERATION_WITHIN, operation).await.map_err(|_| match kind {
        OperationType::Mutation => {
            Refusal::new(ErrorCode::OutcomePending, "the outcome is not known yet; asking again is safe")
        }
        OperationType::Query | OperationType::Subscription => {
            Refusal::unavailable("the operation took too long")
        }
    })
}
