//! The accounts processor: carries the fold of an account through its commands.
//!
//! Invariant: the rules are in `domain`, the protocol in the runner; here they meet.

use domain::Accounts;
use platform::group;
use platform::runner::drive::{self, Ports};
use platform::runner::{Options, RunnerError};
use schemas::fold::Fold;
use tokio_util::sync::CancellationToken;

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(ports: Ports, options: Options, stop: CancellationToken) -> Result<(), RunnerError> {
    let (log, clock) = (ports.log.clone(), ports.clock.clone());
    let run = move |assignment| drive::run::<Accounts>(ports.clone(), options, assignment);
    group::serve(log, clock, Accounts::NAME, Accounts::commands(), stop, run).await
}
