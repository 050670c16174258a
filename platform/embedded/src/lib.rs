//! The log and the tables in one folder of this machine, on fjall.
//!
//! Invariants:
//! - One process has the folder; a second one is refused.
//! - What was acknowledged survives the end of the process, however it ends. A loss of power may
//!   take what is younger than [`Options::sync_every`].
//! - A folder that has lost what was synced is refused when it is opened.
//! - Each of log and tables is written by one thread of its own, so no write races another.

mod bytes;
mod committer;
mod health;
mod log;
mod memtable;
mod meta;
mod periodic;
mod store;
mod tables;
mod witness;

pub use log::EmbeddedLog;
pub use store::{OpenError, Options, Store};
pub use tables::EmbeddedTables;

use platform::lock::locked;
