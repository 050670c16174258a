//! The policy as an ingest knows it: what it refuses in any case is refused before the log.
//!
//! Invariant: nothing is refused by a policy that is not the newest. What passes is decided by the machines, under
//! the policy in force at its position.

use std::sync::{Arc, PoisonError, RwLock};

use graphql::Rows;
use schemas::Refusal;
use schemas::control::Policy;

pub struct KnownPolicy {
    rows: Arc<Rows>,
    /// As it was read last, which is when it refused something.
    known: RwLock<Option<Arc<Policy>>>,
}

impl KnownPolicy {
    pub fn new(rows: Arc<Rows>) -> Self {
        Self { rows, known: RwLock::default() }
    }

    /// Holds a request to what the policy allows. It is read anew before it refuses.
    pub async fn check(&self, fits: impl Fn(&Policy) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some_and(|known| fits(&known).is_ok()) {
            return Ok(());
        }
        let Some(newest) = self.rows.policy().await? else { return Ok(()) };
        let fits = fits(&newest);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(newest));
        fits
    }
}
