//! Privacy settings of the caller.

use async_graphql::{Context, Object};
use graphql::Result;
use graphql::account::privacy::{PrivacySettings, PrivacySettingsInput};
use schemas::privacy::UpdatePrivacy;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Privacy;

#[Object]
impl Privacy {
    /// What is absent stays.
    async fn update_privacy_settings(
        &self,
        ctx: &Context<'_>,
        input: PrivacySettingsInput,
    ) -> Result<PrivacySettings> {
        let caller = caller(ctx)?;
        caller.run(RequestKind::Direct, UpdatePrivacy::from(input)).await?;
        // Who cannot be told now sees nothing new, and presence looks at the settings again within a minute.
        if let Err(error) = caller.access.reads.awareness.presence.look_again(caller.user()).await {
            tracing::warn!(%error, "new privacy settings not told");
        }
        Ok(caller.access.privacy().await.map_err(super::done)?.into())
    }
}
