//! Time, passed in: the wall clock of a process, or what a test says it is.
//!
//! Invariant: nothing that decides reads this clock; decisions run on log-append time alone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemas::position::LogTime;

#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since 1970.
    fn now(&self) -> LogTime;

    async fn sleep(&self, duration: Duration);
}

pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> LogTime {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_millis() as LogTime)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
