//! A viewer's own account.

pub mod credits;
