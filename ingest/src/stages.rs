//! The stages of a send that end in an ingest.
//!
//! Invariant: only what says how fast the system is counts: a send that was stored, or that it was not
//! fast enough for. What the rules refuse went another way.

use platform::ports::Receipt;
use platform::telemetry::Stage;
use schemas::{ErrorCode, Refusal};
use tokio::time::Instant;

/// The receipt of the command of a send that came then.
pub fn appended(receipt: Receipt, came: Instant) -> Receipt {
    Box::pin(async move {
        let offset = receipt.await?;
        Stage::Append.took(came.elapsed());
        Ok(offset)
    })
}

/// A send was answered.
pub fn ended<T>(stage: Stage, began: Instant, answer: &Result<T, Refusal>) {
    if answer.as_ref().err().is_none_or(|refusal| refusal.code == ErrorCode::OutcomePending) {
        stage.took(began.elapsed());
    }
}
