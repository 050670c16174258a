//! The profiles processor: keeps what the platform says of its users where messages are read.
//!
//! Invariant: the platform owns this data; a row says what the newest record under its key says.

mod follows;
mod users;

use platform::group;
use platform::projection::{self, Ports, Projection, ProjectionError};
use tokio_util::sync::CancellationToken;

use follows::Follows;
use users::Profiles;

/// Runs the partitions of every topic of the platform that this process holds, until `stop`.
pub async fn serve(ports: Ports, stop: CancellationToken) -> Result<(), ProjectionError> {
    tokio::try_join!(project::<Profiles>(ports.clone(), stop.clone()), project::<Follows>(ports, stop))?;
    Ok(())
}

async fn project<P: Projection>(ports: Ports, stop: CancellationToken) -> Result<(), ProjectionError> {
    let run = {
        let ports = ports.clone();
        move |assignment| projection::run::<P>(ports.clone(), assignment)
    };
    group::serve(ports.log, ports.clock, P::NAME, P::topic(), stop, run).await
}
