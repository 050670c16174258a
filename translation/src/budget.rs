//! What a user may ask of the provider in a day, over all processes.
//!
//! Invariant: a window begins at the same moment for everybody, so that one counter holds it: of the limit of a day, at
//! midnight in UTC.

use std::time::Duration;

use domain::window::Exhausted;
use platform::ports::{Ephemeral, EphemeralError};
use schemas::UserId;
use schemas::control::Limit;
use schemas::position::LogTime;

/// Counts one; the inner error says how long the window goes on.
pub async fn take(
    ephemeral: &dyn Ephemeral,
    user: &UserId,
    limit: &Limit,
    now: LogTime,
) -> Result<Result<(), Exhausted>, EphemeralError> {
    let length = limit.seconds.max(1).saturating_mul(1_000);
    let (window, passed) = (now.div_euclid(length), now.rem_euclid(length));
    let counter = format!("translations:{user}:{window}");
    let time_to_live = Duration::from_millis(length.unsigned_abs());
    let taken = ephemeral.add(&counter, 1, time_to_live).await?;
    Ok(if taken <= limit.count.into() { Ok(()) } else { Err(Exhausted { retry_after_ms: length - passed }) })
}
