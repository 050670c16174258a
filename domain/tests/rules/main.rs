//! The rules, as tables of what each command does, and as claims that hold whatever is commanded.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod always;
mod names;
mod render;
mod seat;
mod words;

mod blocking;
mod creating;
mod credits;
mod deleting;
mod limits;
mod members;
mod opening;
mod posting;
mod reading;
mod refunds;
mod repeats;
mod sending;
mod told_again;
