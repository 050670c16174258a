//! Claims about the hub, told with the records of real events; no broker, no socket, no clock.

mod blocks;
pub(crate) mod client;
mod interleaved;
mod lagging;
mod live;
mod members;
mod notices;
mod overflow;
mod privacy;
mod repeats;
mod resuming;
mod rings;
mod snapshots;
pub(crate) mod world;
