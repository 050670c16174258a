//! Leases over an adapter.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use platform::lease::Lease;
use platform::ports::Ephemeral;

use super::{LONG, SHORT};
use crate::harness::{eventually, fresh};

async fn acquire(
    ephemeral: &Arc<dyn Ephemeral>,
    name: &str,
    token: &'static str,
    time_to_live: Duration,
) -> Option<Lease> {
    let token = Bytes::from_static(token.as_bytes());
    Lease::acquire(ephemeral.clone(), name, token, time_to_live).await.expect("an answer")
}

pub async fn a_lease_has_one_holder_until_it_is_released(ephemeral: Arc<dyn Ephemeral>) {
    let name = fresh("lease");
    let first = acquire(&ephemeral, &name, "first", LONG).await.expect("a free lease");
    assert!(acquire(&ephemeral, &name, "second", LONG).await.is_none());
    assert!(first.renew().await.expect("an answer"));
    first.release().await.expect("an answer");
    assert!(acquire(&ephemeral, &name, "second", LONG).await.is_some());
}

pub async fn a_lease_that_was_not_renewed_is_lost(ephemeral: Arc<dyn Ephemeral>) {
    let name = fresh("lease");
    let first = acquire(&ephemeral, &name, "first", SHORT).await.expect("a free lease");
    let second = eventually("a lease", async || acquire(&ephemeral, &name, "second", LONG).await).await;
    assert!(!first.renew().await.expect("an answer"));
    first.release().await.expect("an answer");
    assert!(second.renew().await.expect("an answer"), "a lost lease releases nothing");
}
