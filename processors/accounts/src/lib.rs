//! The accounts processor: carries the fold of an account through its commands.
//!
//! Invariant: the rules are in `domain`, the protocol in the runner; here they meet.

use domain::Accounts;
use platform::runner::drive::Ports;
use platform::runner::{self, Options, RunnerError};
use tokio_util::sync::CancellationToken;

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(ports: Ports, options: Options, stop: CancellationToken) -> Result<(), RunnerError> {
    runner::serve::<Accounts>(ports, options, stop).await
}
