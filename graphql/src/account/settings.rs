//! Settings of the viewer: language and translation.

use async_graphql::{InputObject, SimpleObject};
use schemas::preferences::Preferences;

use crate::scalars::Locale;

#[derive(SimpleObject)]
pub struct UserSettings {
    locale: Locale,
    auto_translate: bool,
}

impl From<Preferences> for UserSettings {
    fn from(preferences: Preferences) -> Self {
        let Preferences { locale, auto_translate } = preferences;
        Self { locale: Locale(locale), auto_translate }
    }
}

/// What is absent stays.
#[derive(InputObject)]
pub struct UserSettingsInput {
    pub locale: Option<Locale>,
    pub auto_translate: Option<bool>,
}
