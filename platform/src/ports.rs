//! What the system stands on: a log and tables, each with one adapter per stack.
//!
//! Invariant: whatever stands here is held to one conformance suite; code above the ports cannot
//! tell the adapters apart.

pub mod log;
pub mod tables;

pub use log::{Log, LogError, Marks, Membership, MembershipChange, Reader, Receipt, Record};
pub use tables::{Page, PutRow, Range, Row, Tables, TablesError};
