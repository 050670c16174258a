//! The tables on ScyllaDB, or on what speaks its protocol; only what ScyllaDB and Cassandra have in
//! common is used.
//!
//! Invariants:
//! - Every write is a whole row with its version as timestamp, so of several the highest stays in
//!   whatever order they arrive, and any write can be repeated.
//! - Rows of one put are one batch in one partition; rows of one read come of one statement.
//! - A call is answered or fails within [`Config::call_timeout`]; requests in flight are bounded.
//! - A read shares another's answer only if that one had not left when it was asked for.

mod calls;
mod config;
mod cql;
mod error;
mod flights;
mod layout;
mod metrics;
mod requests;
mod session;
pub mod setup;
mod shape;
mod slice;
mod tables;
mod values;

pub use config::Config;
pub use error::ConnectError;
pub use layout::Difference;
pub use metrics::Metrics;
pub use tables::Scylla;

use platform::lock::locked;
