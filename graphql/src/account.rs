//! A viewer's own account.

pub mod credits;
pub mod flags;
pub mod limits;
pub mod privacy;
pub mod settings;
