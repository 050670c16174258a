//! Whether the store takes writes, and whether it has some that are not on the disk yet.
//!
//! Invariant: a failure is for good. fjall takes no write after one that failed, and may then hold
//! up the thread that was writing for ever, so whoever waits for a write waits for this too.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Default)]
pub(crate) struct Health {
    unsynced: AtomicBool,
    failure: OnceLock<String>,
    failed: CancellationToken,
}

impl Health {
    /// Something was written.
    pub(crate) fn note_write(&self) {
        self.unsynced.store(true, Ordering::Release);
    }

    /// Whether something was written since this was last asked.
    pub(crate) fn take_unsynced(&self) -> bool {
        self.unsynced.swap(false, Ordering::AcqRel)
    }

    /// The store takes no more writes. The first reason is the one that counts.
    pub(crate) fn fail(&self, why: impl std::fmt::Display) {
        if self.failure.set(format!("the store failed: {why}")).is_ok() {
            tracing::error!(%why, "store failed");
        }
        self.failed.cancel();
    }

    pub(crate) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Resolves when the store has failed.
    pub(crate) async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Cancelled when the store has failed, or by its owner.
    pub(crate) fn token(&self) -> CancellationToken {
        self.failed.child_token()
    }

    /// What a commit thread answers; nothing if it panicked, or hangs in a failed store.
    pub(crate) async fn answer<T>(&self, answer: oneshot::Receiver<T>) -> Option<T> {
        tokio::select! {
            biased;
            answer = answer => answer.ok(),
            () = self.failed() => None,
        }
    }
}
