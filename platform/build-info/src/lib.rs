//! Version and revision of the running build.
//!
//! Boundary: a crate of its own that only `roles` links, so that a new revision compiles this file
//! and links the binaries, and nothing else.

#[cfg(test)]
mod git;

/// The version of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The first 12 digits of the commit; `debug` in a debug build, `unknown` outside of a repository.
pub const REVISION: &str = env!("MUSCLEMAP_BUILD_REVISION");

/// Both, for `--version`.
pub const FULL: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("MUSCLEMAP_BUILD_REVISION"), ")");
