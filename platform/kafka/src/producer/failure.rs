//! Whether the producer takes records no more, and why.
//!
//! Invariant: a failure is for good, and its first reason is the one that is told.

use std::sync::OnceLock;

use platform::ports::LogError;
use tokio_util::sync::CancellationToken;

#[derive(Default)]
pub(super) struct Failure {
    why: OnceLock<String>,
    happened: CancellationToken,
}

impl Failure {
    /// Says whether this is the first.
    pub(super) fn set(&self, why: &str) -> bool {
        let first = self.why.set(why.to_owned()).is_ok();
        self.happened.cancel();
        first
    }

    pub(super) fn is_set(&self) -> bool {
        self.why.get().is_some()
    }

    /// Resolves when there is one.
    pub(super) async fn happened(&self) {
        self.happened.cancelled().await;
    }

    /// What is said to whoever comes after it.
    pub(super) fn closed(&self) -> LogError {
        LogError::Closed(self.why.get().map_or("the producer ended", String::as_str).to_owned())
    }
}
