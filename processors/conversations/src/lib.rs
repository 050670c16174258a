//! The conversations processor: carries the fold of a conversation through its commands.
//!
//! Invariant: the rules are in `domain`, the protocol in the runner; here they meet.

use domain::Conversations;
use platform::runner::drive::Ports;
use platform::runner::{self, Options, RunnerError};
use tokio_util::sync::CancellationToken;

/// Runs the partitions that this process holds, until `stop`.
pub async fn serve(ports: Ports, options: Options, stop: CancellationToken) -> Result<(), RunnerError> {
    runner::serve::<Conversations>(ports, options, stop).await
}
