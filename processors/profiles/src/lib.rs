//! The profiles processor: keeps what the platform says of its users where messages are read, and erases those
//! whom the platform erases.
//!
//! Invariant: the platform owns this data; a row says what the newest record under its key says.

mod erasures;
mod follows;
mod users;

use platform::effects::EffectsError;
use platform::projection::{self, Ports, ProjectionError};
use tokio_util::sync::CancellationToken;

use follows::Follows;
use users::Profiles;

/// Runs the partitions of every topic of the platform that this process holds, until `stop`.
pub async fn serve(ports: Ports, stop: CancellationToken) -> Result<(), ProjectionError> {
    tokio::try_join!(
        projection::serve::<Profiles>(ports.clone(), stop.clone()),
        projection::serve::<Follows>(ports, stop)
    )?;
    Ok(())
}

/// Erases users in the partitions that this process holds, until `stop`.
pub async fn serve_erasures(ports: Ports, stop: CancellationToken) -> Result<(), EffectsError> {
    erasures::serve(ports, stop).await
}
