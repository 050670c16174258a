//! Ephemeral state on Redis.
//!
//! Invariants:
//! - A process starts and serves without the server; calls fail at once while it is away, and go on within a
//!   second of its return.
//! - Each compare-and-set, addition and taking of deadlines is one script, so one step.
//! - All channels of a process share one connection of their own, which is pinged every 2 s; after a reconnect
//!   subscribers receive [`Resumed`](platform::ports::Incoming::Resumed).

mod commands;
mod config;
mod connection;
mod metrics;
mod subscriptions;

pub use config::{Config, ConfigError};
pub use metrics::Metrics;

use std::sync::Arc;

use platform::lock::locked;
use tokio_util::sync::CancellationToken;

use connection::Connections;
use subscriptions::Channels;

/// See the module. [`Self::run`] keeps its subscriptions.
pub struct Redis {
    /// Stands before every key and channel.
    prefix: String,
    connections: Connections,
    channels: Channels,
}

impl Redis {
    /// Checks the settings; connects to nothing yet.
    pub fn new(config: Config) -> Result<Arc<Self>, ConfigError> {
        let connections = Connections::new(config.client()?);
        Ok(Arc::new(Self { prefix: config.prefix, connections, channels: Channels::default() }))
    }

    pub fn metrics(&self) -> Metrics {
        self.connections.metrics.clone()
    }

    /// Keeps the subscriptions until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<(), std::convert::Infallible> {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_subscribed() => {}
        }
        Ok(())
    }

    /// A key or channel as the server knows it.
    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
