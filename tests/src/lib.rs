//! Clients and processes for tests from outside: everything goes through HTTP, sockets and signals.
//!
//! Invariant: nothing here knows the code under test, only its program and its API.

pub mod acts;
pub mod check;
pub mod client;
pub mod files;
pub mod follow;
pub mod frames;
pub mod load;
pub mod metrics;
mod name_server;
mod outside;
pub mod policy;
pub mod ports;
pub mod process;
pub mod push_service;
pub mod seen;
pub mod service;
pub mod site;
pub mod socket;
pub mod stickers;
pub mod system;
pub mod translator;
pub mod trial;
pub mod usage;
pub mod wire;

pub use client::Client;
pub use socket::Socket;
pub use system::System;
