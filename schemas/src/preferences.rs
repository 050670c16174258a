//! Preferences of a user: language and translation.

use apache_avro::AvroSchema;
use serde::{Deserialize, Serialize};

/// Request to an account: change its preferences; what is absent stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct UpdatePreferences {
    /// BCP 47, in canonical form.
    pub locale: Option<String>,
    pub auto_translate: Option<bool>,
}

/// Fact of an account: its preferences have changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.messaging")]
pub struct PreferencesChanged {
    pub preferences: Preferences,
}

/// Row of an account: its preferences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, AvroSchema)]
#[avro(namespace = "musclemap.rows")]
pub struct Preferences {
    /// BCP 47, in canonical form.
    pub locale: String,
    pub auto_translate: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { locale: "en".to_owned(), auto_translate: false }
    }
}
