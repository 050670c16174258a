//! Notification settings of the caller.

use async_graphql::{Context, Object};
use domain::account::check_notifications;
use graphql::Result;
use graphql::account::notifications::{NotificationPreferences, NotificationPreferencesInput};
use jiff::tz::TimeZoneDatabase;
use schemas::Refusal;
use schemas::notifications::UpdateNotifications;

use super::caller;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Notifications;

#[Object]
impl Notifications {
    /// What is absent stays. Start and end of the quiet hours are given together; both null: none.
    async fn update_notification_preferences(
        &self,
        ctx: &Context<'_>,
        input: NotificationPreferencesInput,
    ) -> Result<NotificationPreferences> {
        let caller = caller(ctx)?;
        let mut update = UpdateNotifications::try_from(input)?;
        check_notifications(&update)?;
        update.time_zone = update.time_zone.map(|name| known_zone(&name)).transpose()?;
        caller.run(RequestKind::Direct, update).await?;
        let account = caller.access.reads.account(caller.user()).await.map_err(super::done)?;
        Ok(account.notifications.into())
    }
}

/// The name of a time zone as the IANA database writes it. The database is that of the build, so that every
/// process knows the same zones.
pub(super) fn known_zone(name: &str) -> Result<String, Refusal> {
    let zone = TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown());
    let name = zone.as_ref().and_then(|zone| zone.iana_name());
    name.map(str::to_owned).ok_or_else(|| Refusal::bad_input("timeZone", "no time zone has this name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_the_names_of_the_iana_database() {
        for (name, known) in [
            ("UTC", Some("UTC")),
            ("Europe/Berlin", Some("Europe/Berlin")),
            ("america/argentina/buenos_aires", Some("America/Argentina/Buenos_Aires")),
            ("Asia/Calcutta", Some("Asia/Calcutta")),
            ("Etc/GMT+5", Some("Etc/GMT+5")),
            ("Etc/Unknown", None),
            ("Mars/Phobos", None),
            ("+02:00", None),
            ("CET-1CEST", None),
            ("", None),
        ] {
            assert_eq!(known_zone(name).ok().as_deref(), known, "{name}");
        }
    }
}
