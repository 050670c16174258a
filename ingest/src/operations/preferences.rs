//! Preferences of the caller.

use async_graphql::{Context, Object};
use graphql::Result;
use graphql::account::settings::{UserSettings, UserSettingsInput};
use schemas::preferences::UpdatePreferences;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Preferences;

#[Object]
impl Preferences {
    /// What is absent stays.
    async fn update_settings(&self, ctx: &Context<'_>, input: UserSettingsInput) -> Result<UserSettings> {
        let caller = caller(ctx)?;
        let UserSettingsInput { locale, auto_translate } = input;
        let locale = locale.map(|locale| locale.0);
        caller.run(RequestKind::Direct, UpdatePreferences { locale, auto_translate }).await?;
        Ok(caller.access.preferences().await.map_err(super::done)?.into())
    }
}
