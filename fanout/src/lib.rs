//! The fan-out node: reads every event, and pushes each to the sockets of the users who get it.
//!
//! [`node`] follows the log and takes snapshots; [`completion`] reads what renderings need; [`hub`] holds
//! recent events and the users who are here; [`render`] executes a payload once for all who share it;
//! [`notice`] holds short-lived states, such as typing; [`people`] and [`flags`] deliver changes
//! that are no events; [`subscription`] starts and replays; `shard` delivers; [`socket`] speaks
//! `graphql-transport-ws`.
//!
//! Invariants: a message is never dropped in silence: a socket that cannot follow is closed with a
//! code that says "resume"; a cursor resumes on any node; memory is bounded.

mod completion;
pub mod cursor;
pub mod event;
mod flags;
pub mod hub;
pub mod lanes;
mod metrics;
pub mod node;
mod notice;
mod past;
mod people;
mod presence;
pub mod protocol;
mod record_batch;
pub mod render;
mod shard;
mod single_flight;
pub mod snapshot;
pub mod socket;
pub mod subscription;
mod translating;
mod typing;
pub mod unknown;

use std::time::Duration;

pub use node::Node;

/// Bounds and times of a node.
#[derive(Debug, Clone)]
pub struct Options {
    pub snapshot_every: Duration,
    /// Bytes of recent events in memory.
    pub ring_bytes: usize,
    /// Frames that may wait for one subscription.
    pub queue: usize,
    /// Records that a resume may have to read; beyond it the client starts afresh.
    pub replay_records: i64,
    pub ping_every: Duration,
    pub init_within: Duration,
    /// Over how long sockets are closed when the node drains.
    pub drain_over: Duration,
    pub operations_per_socket: usize,
    /// Bytes of messages whose operations go on, of one socket.
    pub bytes_per_socket: usize,
    pub sockets: usize,
    pub sockets_per_user: usize,
    /// On all sockets of a user, as are the bytes.
    pub operations_per_user: usize,
    pub bytes_per_user: usize,
    /// Threads that serve sockets; 0: as many as the process has others.
    pub shards: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            snapshot_every: Duration::from_secs(10),
            ring_bytes: 64 * 1024 * 1024,
            queue: 1_024,
            replay_records: 200_000,
            ping_every: Duration::from_secs(30),
            init_within: Duration::from_secs(5),
            drain_over: Duration::from_secs(5),
            operations_per_socket: 100,
            bytes_per_socket: 256 * 1024,
            sockets: 15_000,
            sockets_per_user: 20,
            operations_per_user: 200,
            bytes_per_user: 1024 * 1024,
            shards: 0,
        }
    }
}
