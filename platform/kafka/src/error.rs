//! Errors of connecting, and what librdkafka's errors mean to a user of the port.

use platform::ports::LogError;
use rdkafka::error::KafkaError;
use schemas::position::Partition;

/// Why there is no connection. Named by what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Correct the configuration.
    #[error("configuration: {0}")]
    Config(&'static str),
    /// A client cannot be made; librdkafka says why.
    #[error("client: {0}")]
    Client(#[source] KafkaError),
    /// A thread cannot be started.
    #[error("thread: {0}")]
    Thread(#[from] std::io::Error),
    /// Wait and try again.
    #[error("brokers unavailable: {0}")]
    Unavailable(String),
    /// Run the setup.
    #[error("no topic {0}")]
    MissingTopic(&'static str),
    /// The topics are those of another epoch: do not run against them.
    #[error("{topic} has {found} partitions, not {wanted}")]
    Partitions { topic: &'static str, found: Partition, wanted: Partition },
}

/// Of a call that can be made again.
pub(crate) fn unavailable(error: impl std::fmt::Display) -> LogError {
    LogError::Unavailable(error.to_string())
}

pub(crate) fn closed() -> LogError {
    LogError::Closed("the log was closed".into())
}
