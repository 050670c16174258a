//! What every process stands on: ports, the runner, lifecycle, telemetry.
//!
//! Boundary: knows records, rows and positions, but no rule of the product; those are in `domain`.

pub mod clock;
pub mod config;
pub mod connections;
pub mod dead_letter;
pub mod effects;
pub mod group;
pub mod in_process;
pub mod lease;
pub mod lifecycle;
pub mod lock;
pub mod ports;
pub mod projection;
pub mod retry;
pub mod runner;
pub mod shares;
pub mod telemetry;
pub mod unknown;
