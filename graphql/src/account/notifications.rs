//! Notification settings of the viewer.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use schemas::Refusal;
use schemas::notifications::{Notifications, QuietHours, SetQuietHours, UpdateNotifications};

use crate::scalars::LocalTime;

#[derive(SimpleObject)]
pub struct NotificationPreferences {
    messaging_enabled: bool,
    /// off makes a silent notification
    messaging_sound: bool,
    /// off: no content of the message
    messaging_preview: bool,
    email_enabled: bool,
    quiet_hours_start: Option<LocalTime>,
    /// before the start: on the next day
    quiet_hours_end: Option<LocalTime>,
    /// of the IANA database
    time_zone: String,
}

impl From<Notifications> for NotificationPreferences {
    fn from(notifications: Notifications) -> Self {
        let Notifications {
            messaging_enabled,
            messaging_sound,
            messaging_preview,
            email_enabled,
            quiet_hours,
            time_zone,
        } = notifications;
        Self {
            messaging_enabled,
            messaging_sound,
            messaging_preview,
            email_enabled,
            quiet_hours_start: quiet_hours.map(|hours| LocalTime(hours.start)),
            quiet_hours_end: quiet_hours.map(|hours| LocalTime(hours.end)),
            time_zone,
        }
    }
}

/// What is absent stays. Start and end of the quiet hours are given together; both null: none.
#[derive(InputObject)]
pub struct NotificationPreferencesInput {
    messaging_enabled: Option<bool>,
    messaging_sound: Option<bool>,
    messaging_preview: Option<bool>,
    email_enabled: Option<bool>,
    quiet_hours_start: MaybeUndefined<LocalTime>,
    quiet_hours_end: MaybeUndefined<LocalTime>,
    time_zone: Option<String>,
}

impl TryFrom<NotificationPreferencesInput> for UpdateNotifications {
    type Error = Refusal;

    fn try_from(input: NotificationPreferencesInput) -> Result<Self, Refusal> {
        Ok(Self {
            messaging_enabled: input.messaging_enabled,
            messaging_sound: input.messaging_sound,
            messaging_preview: input.messaging_preview,
            email_enabled: input.email_enabled,
            quiet_hours: quiet_hours(input.quiet_hours_start, input.quiet_hours_end)?,
            time_zone: input.time_zone,
        })
    }
}

fn quiet_hours(
    start: MaybeUndefined<LocalTime>,
    end: MaybeUndefined<LocalTime>,
) -> Result<Option<SetQuietHours>, Refusal> {
    use MaybeUndefined::{Null, Undefined, Value};
    let alone = |field| Err(Refusal::bad_input(field, "quiet hours have a start and an end, or neither"));
    match (start, end) {
        (Undefined, Undefined) => Ok(None),
        (Null, Null) => Ok(Some(SetQuietHours { hours: None })),
        (Value(start), Value(end)) => {
            Ok(Some(SetQuietHours { hours: Some(QuietHours { start: start.0, end: end.0 }) }))
        }
        (Undefined | Null, Value(_)) | (Undefined, Null) => alone("quietHoursStart"),
        (Value(_), Undefined | Null) | (Null, Undefined) => alone("quietHoursEnd"),
    }
}

#[cfg(test)]
mod tests {
    use MaybeUndefined::{Null, Undefined, Value};

    use super::*;

    #[test]
    fn quiet_hours_are_given_with_both_ends_or_neither() {
        let at = |minute| Value(LocalTime(minute));
        let set = |start, end| Ok(Some(SetQuietHours { hours: Some(QuietHours { start, end }) }));
        let asked = |start, end| quiet_hours(start, end).map_err(|refusal| refusal.field);
        let alone = |field: &str| Err(Some(field.to_owned()));
        for (start, end, wanted) in [
            (Undefined, Undefined, Ok(None)),
            (Null, Null, Ok(Some(SetQuietHours { hours: None }))),
            (at(1_320), at(420), set(1_320, 420)),
            (at(0), Undefined, alone("quietHoursEnd")),
            (at(0), Null, alone("quietHoursEnd")),
            (Null, Undefined, alone("quietHoursEnd")),
            (Undefined, at(0), alone("quietHoursStart")),
            (Null, at(0), alone("quietHoursStart")),
            (Undefined, Null, alone("quietHoursStart")),
        ] {
            assert_eq!(asked(start, end), wanted, "{start:?} to {end:?}");
        }
    }
}
