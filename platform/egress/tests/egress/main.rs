//! The guarded client from outside: sites, name servers that lie, and a canary on loopback that must see
//! nothing.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod addresses;
mod bodies;
mod encodings;
mod names;
mod redirects;
mod requests;
mod resolution;
mod room;
mod site;
mod world;
