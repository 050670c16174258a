//! The time and the bytes that an operation may take.
//!
//! Invariant: a mutation that is cut off answers OUTCOME_PENDING, because it may have had its effect.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use schemas::{ErrorCode, Refusal};
use tokio::time::timeout;

use crate::limits::Execution;

/// How long an operation may take, or a subscription to start.
pub const OPERATION_WITHIN: Duration = Duration::from_secs(10);

/// Runs an operation for as long as one may take, and as far as its answer may go.
pub async fn in_bounds<T>(
    kind: OperationType,
    execution: &Execution,
    operation: impl Future<Output = T>,
) -> Result<T, Refusal> {
    let mut operation = pin!(operation);
    let metered = poll_fn(|cx| {
        let polled = operation.as_mut().poll(cx);
        match execution.refusal(kind) {
            Some(refusal) => Poll::Ready(Err(refusal)),
            None => polled.map(Ok),
        }
    });
    timeout(OPERATION_WITHIN, metered).await.unwrap_or_else(|_| {
        Err(match kind {
            OperationType::Mutation => {
                Refusal::new(ErrorCode::OutcomePending, "the outcome is not known yet; asking again is safe")
            }
            OperationType::Query | OperationType::Subscription => {
                Refusal::unavailable("the operation took too long")
            }
        })
    })
}
