//! Calls to the tables, and reads of the log, that are repeated until they hold.
//!
//! Invariant: nothing is given up. A write that may have happened is repeated with the same version,
//! which changes nothing if it had.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::clock::Clock;
use crate::ports::{LogError, Reader, Record, TablesError};
use crate::telemetry::consumers::Port;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Pauses that double up to a longest one.
#[derive(Debug, Clone)]
pub struct BackOff {
    next: Duration,
    longest: Duration,
}

impl BackOff {
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// How long to wait before the next try.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

/// The tables refuse the call for good.
#[derive(Debug, Clone, thiserror::Error)]
#[error("tables refuse: {0}")]
pub struct Refused(pub String);

/// Repeats a call until it is answered, or refused for good. Whoever waits can stop waiting.
pub async fn until_answered<'a, T>(
    clock: &dyn Clock,
    call: impl Fn() -> BoxFuture<'a, Result<T, TablesError>> + Send,
) -> Result<T, Refused> {
    let mut back_off = BackOff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        match call().await {
            Ok(answer) => return Ok(answer),
            Err(TablesError::Unavailable(reason)) => {
                let pause = back_off.pause();
                tracing::warn!(reason, pause_ms = pause.as_millis() as u64, "tables unavailable");
                Port::Tables.retries().inc();
                clock.sleep(pause).await;
            }
            Err(TablesError::Refused(reason)) => return Err(Refused(reason)),
        }
    }
}

/// The next records of a reader, which goes on where it was when the log is back.
pub async fn next_records(clock: &dyn Clock, reader: &mut dyn Reader) -> Result<Vec<Record>, LogError> {
    let mut back_off = BackOff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        match reader.next().await {
            Err(LogError::Unavailable(reason)) => {
                let pause = back_off.pause();
                tracing::warn!(reason, pause_ms = pause.as_millis() as u64, "log unavailable");
                Port::Log.retries().inc();
                clock.sleep(pause).await;
            }
            read => return read,
        }
    }
}
