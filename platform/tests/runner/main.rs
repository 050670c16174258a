//! The runner's core as a protocol: what goes in, and what comes out for it, in order.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod records;
mod run;
mod tally;
mod words;

mod counted;
mod memory;
mod once;
mod order;
mod poison;
mod policy;
mod ports;
mod reads;
mod refused;
mod replay;
mod rules;
mod watermarks;
