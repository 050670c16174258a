//! Connections of clients: who may open one, and how fast its client has to read.
//!
//! Invariants: open connections are bounded, in total and by address, and leave descriptors to what the process
//! stores; a place is given back when its connection is dropped, whatever the connection has become; a client
//! that does not read is disconnected.

mod connection;
mod descriptors;
mod listener;
mod places;
mod reading;
mod stream;

use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{IntCounterVec, IntGaugeVec, register_int_counter_vec, register_int_gauge_vec};

use crate::telemetry::made;
pub use connection::Connection;
pub use listener::{Arrival, Listener};
pub use places::{Full, Place, Places, network};
pub use reading::{Backlog, Reading};
pub use stream::{Detached, Stream};

/// Bounds of a port.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names the port in metrics.
    pub port: &'static str,
    /// Connections at once; fewer if the process has fewer descriptors.
    pub connections: usize,
    /// Of which from one address, or from one /64 of IPv6.
    pub per_address: usize,
    /// Connections that are accepted in a second.
    pub per_second: NonZeroU32,
    /// Descriptors that connections leave to the rest of the process.
    pub reserved_descriptors: usize,
    /// Descriptors that one connection takes.
    pub descriptors_each: usize,
    /// Requests after which a connection is closed.
    pub requests_per_connection: u32,
    pub reading: Reading,
    /// How long connections are served once the port is told to end.
    pub drain_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: "clients",
            connections: 20_000,
            per_address: 1_000,
            per_second: const { NonZeroU32::new(1_000).unwrap() },
            reserved_descriptors: 1_024,
            descriptors_each: 1,
            requests_per_connection: 1_000,
            reading: Reading::default(),
            drain_within: Duration::from_secs(15),
        }
    }
}

impl Options {
    /// Of the operators' port, which a scrape and a few people use. It ends in the second stage of a drain.
    pub fn operators() -> Self {
        Self {
            port: "operators",
            connections: 64,
            per_address: 64,
            drain_within: Duration::from_secs(2),
            ..Self::default()
        }
    }
}

static OPEN: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    made(register_int_gauge_vec!(
        "musclemap_connections",
        "Open connections by port, sockets included",
        &["port"]
    ))
});

static REFUSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_connections_refused_total",
        "Connections refused by port and by what was full",
        &["port", "full"]
    ))
});

static UNREAD: LazyLock<IntCounterVec> = LazyLock::new(|| {
    made(register_int_counter_vec!(
        "musclemap_connections_unread_total",
        "Connections ended because the client did not read, by port; of sockets those behind TLS alone",
        &["port"]
    ))
});

/// Exports what a port counts, at 0.
fn export(port: &str) {
    OPEN.with_label_values(&[port]);
    for full in [Full::Total, Full::Address, Full::Descriptors] {
        REFUSED.with_label_values(&[port, full.name()]);
    }
    UNREAD.with_label_values(&[port]);
}
