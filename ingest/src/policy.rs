//! The policy as an ingest knows it: what it refuses in any case is refused before the log.
//!
//! Invariants: nothing is refused by a policy that is not the newest; nothing passes by one that was read more
//! than [`FRESH_FOR`] ago, unless the table cannot be read. What passes is decided by the machines, under the
//! policy in force at its position.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use graphql::Rows;
use schemas::Refusal;
use schemas::control::Policy;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// All nodes agree soon after a policy is stored, also on what no machine decides.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// A policy, and when its read began.
#[derive(Clone)]
struct Known {
    policy: Arc<Policy>,
    read_at: Instant,
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < FRESH_FOR
    }
}

pub struct KnownPolicy {
    rows: Arc<Rows>,
    known: RwLock<Option<Known>>,
    /// One request reads for all that wait.
    reading: Mutex<()>,
}

impl KnownPolicy {
    pub fn new(rows: Arc<Rows>) -> Self {
        Self { rows, known: RwLock::default(), reading: Mutex::default() }
    }

    /// Holds a request to what the policy allows. It is read anew before it refuses.
    pub async fn check(&self, fits: impl Fn(&Policy) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let passes = |known: &Known| fits(&known.policy).is_ok();
        if self.known().is_some_and(|known| known.is_fresh() && passes(&known)) {
            return Ok(());
        }
        let asked_at = Instant::now();
        let _reading = self.reading.lock().await;
        let known = self.known();
        if let Some(newest) = known.as_ref().filter(|known| known.read_at >= asked_at) {
            return fits(&newest.policy);
        }
        if known.as_ref().is_some_and(|known| known.is_fresh() && passes(known)) {
            return Ok(());
        }
        match self.read().await {
            Ok(Some(newest)) => fits(&newest),
            Ok(None) => Ok(()),
            Err(_) if known.is_some_and(|known| passes(&known)) => Ok(()),
            Err(unavailable) => Err(unavailable),
        }
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn read(&self) -> Result<Option<Arc<Policy>>, Refusal> {
        let read_at = Instant::now();
        let Some(newest) = self.rows.policy().await? else { return Ok(None) };
        let policy = Arc::new(newest);
        let known = Known { policy: policy.clone(), read_at };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(Some(policy))
    }
}
