//! Rules that the source tree keeps, and that neither the compiler nor clippy checks.
//!
//! Invariant: a rule is a function from text to violations, with a test that shows what it finds;
//! `tests/tidy.rs` holds the tree to it.

pub mod dependencies;
pub mod documents;
pub mod licence;
pub mod places;
pub mod sources;
pub mod tree;
pub mod web;
pub mod words;
