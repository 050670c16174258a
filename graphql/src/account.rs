//! A viewer's own account.

pub mod credits;
pub mod settings;
