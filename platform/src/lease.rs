//! Leases: of all processes one does something at a time, for as long as it renews its lease.
//!
//! Invariant: a lease is advice. Ephemeral state may be lost, and then two hold the same one for a moment, so
//! what is done under it is harmless when it is done twice.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::ports::{Ephemeral, EphemeralError};

/// A lease that is held, unless its time has passed.
pub struct Lease {
    ephemeral: Arc<dyn Ephemeral>,
    key: String,
    /// Known to this holder alone.
    token: Bytes,
    time_to_live: Duration,
}

impl Lease {
    /// The lease of a name, if it is free. `token` is unlike that of any other holder.
    pub async fn acquire(
        ephemeral: Arc<dyn Ephemeral>,
        name: &str,
        token: Bytes,
        time_to_live: Duration,
    ) -> Result<Option<Self>, EphemeralError> {
        let key = format!("lease:{name}");
        let is_free = ephemeral.compare_and_set(&key, None, Some((token.clone(), time_to_live))).await?;
        Ok(is_free.then_some(Self { ephemeral, key, token, time_to_live }))
    }

    /// Holds it for its whole time again, from now on; says whether it was still held.
    pub async fn renew(&self) -> Result<bool, EphemeralError> {
        let new = Some((self.token.clone(), self.time_to_live));
        self.ephemeral.compare_and_set(&self.key, Some(&self.token), new).await
    }

    /// Gives it to others before its time.
    pub async fn release(self) -> Result<(), EphemeralError> {
        self.ephemeral.compare_and_set(&self.key, Some(&self.token), None).await.map(|_| ())
    }
}
