//! Translations of messages: asked of a provider, once for all who want the same, and kept for a day.
//!
//! Invariants: a translation is of one version of a text, and is never shown beside another; links, code, mentions and
//! emoji are in it as they were written; of all processes one asks for the same at a time. Everything here may be lost
//! at any moment.
//!
//! Deliberately missing: rights. Who may see a message is decided before its text comes here.

mod budget;
mod connection;
mod http;
mod kept;
mod masking;
pub mod metrics;
mod provider;
mod settings;
mod translations;

pub use kept::Version;
pub use provider::{ProviderError, Translator};
pub use settings::{Settings, SettingsError};
pub use translations::{Failure, Translation, Translations, Wanted};
