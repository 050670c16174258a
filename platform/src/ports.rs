//! What the system stands on: a log, tables and ephemeral state, each with one adapter per stack.
//!
//! Invariant: whatever stands here is held to one conformance suite; code above the ports cannot
//! tell the adapters apart.

pub mod ephemeral;
pub mod log;
pub mod search;
pub mod tables;

pub use ephemeral::{Ephemeral, EphemeralError, Incoming, Subscription};
pub use log::{Log, LogError, Marks, Membership, MembershipChange, Reader, Receipt, Record};
pub use search::{SearchError, SearchIndex};
pub use tables::{Page, PutRow, Range, Row, Tables, TablesError};
