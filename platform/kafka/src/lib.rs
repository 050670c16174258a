//! The log on Apache Kafka, by librdkafka.
//!
//! Invariants:
//! - Nothing is ever appended after a record that was not: the first failed delivery closes the
//!   producer for good.
//! - No offset is ever guessed: a reader starts where it is told, or says that the place is gone.
//! - Groups share partitions out, and nothing else; records are read by explicit partition.
//! - Whatever librdkafka may block in runs on a thread of its own or on a blocking one, with a
//!   deadline; every thread ends with its [`Kafka`].

mod config;
mod error;
mod log;
mod membership;
mod metrics;
mod names;
mod observer;
mod producer;
mod queries;
mod reader;
pub mod setup;
mod threads;
mod topology;

pub use config::{Config, Security};
pub use error::ConnectError;
pub use log::Kafka;
pub use metrics::Metrics;

use platform::lock::locked;
