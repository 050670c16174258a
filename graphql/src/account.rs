//! A viewer's own account.

pub mod credits;
pub mod privacy;
pub mod settings;
