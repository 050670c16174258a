//! The rules: what an account and a conversation decide, who may see what, what a text may be.
//!
//! Invariant: pure. No clock, no randomness, no I/O; the same inputs give the same bytes.

pub mod access;
pub mod account;
pub mod conversation;
pub mod fault;
pub mod policy;
pub mod text;
pub mod window;

pub use account::Accounts;
pub use conversation::Conversations;
