//! A viewer's own account.

pub mod credits;
pub mod flags;
pub mod limits;
pub mod notifications;
pub mod privacy;
pub mod scheduling;
pub mod settings;
pub mod templates;
