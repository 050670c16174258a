//! A consumer with effects under seeded schedules: crashes between any two steps, zombies, repeats, poison, a
//! dependency that fails or is away.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod always;
mod consumer;
mod ports;
mod schedule;
mod stopping;
mod world;
