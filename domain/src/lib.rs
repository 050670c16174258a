//! The rules: what an account and a conversation decide, who sees what, what a text may be.
//!
//! Invariant: pure. No clock, no randomness, no I/O; the same inputs give the same bytes.

pub mod access;
pub mod account;
pub mod conversation;
pub mod delivery;
mod effect;
pub mod emoji;
pub mod fault;
pub mod features;
pub mod files;
pub mod indexing;
pub mod languages;
pub mod mentions;
pub mod moderation;
mod operation;
pub mod policy;
pub mod polls;
pub mod presence;
pub mod previews;
pub mod privacy;
pub mod pushing;
pub mod stickers;
pub mod text;
pub mod translating;
pub mod window;

pub use account::Accounts;
pub use conversation::Conversations;
