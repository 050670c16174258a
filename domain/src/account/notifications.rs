//! Notification settings of the user.
//!
//! Invariant: whether a time zone exists is checked before the log. The fold checks the form of its name, as the
//! list of zones changes and a replay does not.

use fold::{Decision, Purpose};
use schemas::Refusal;
use schemas::notifications::{
    DAY_MINUTES, Notifications, NotificationsChanged, QuietHours, UpdateNotifications,
};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};

/// Longest name of a time zone, in bytes.
const ZONE_BYTES: usize = 64;

impl Operation<Accounts> for UpdateNotifications {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        check(self)?;
        let before = &context.state().notifications;
        let notifications = apply(self, before);
        if notifications == *before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.state().notifications = notifications.clone();
        effect.account_event(context.id, NotificationsChanged { notifications });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = &past.owner.state.notifications;
        holds(apply(self, stands) == *stands)
    }
}

/// Refuses settings that no account may have.
pub fn check(asked: &UpdateNotifications) -> Result<(), Refusal> {
    if let Some(QuietHours { start, end }) = asked.quiet_hours.and_then(|set| set.hours) {
        for (field, minute) in [("quietHoursStart", start), ("quietHoursEnd", end)] {
            if !(0..DAY_MINUTES).contains(&minute) {
                return Err(Refusal::bad_input(field, "not a time of a day"));
            }
        }
        if start == end {
            return Err(Refusal::bad_input("quietHoursEnd", "quiet hours end where they start"));
        }
    }
    if asked.time_zone.as_deref().is_some_and(|name| !is_zone_name(name)) {
        return Err(Refusal::bad_input("timeZone", "not the name of a time zone"));
    }
    Ok(())
}

fn is_zone_name(name: &str) -> bool {
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"_-+/".contains(&byte);
    (1..=ZONE_BYTES).contains(&name.len()) && name.bytes().all(is_named)
}

fn apply(asked: &UpdateNotifications, before: &Notifications) -> Notifications {
    Notifications {
        messaging_enabled: asked.messaging_enabled.unwrap_or(before.messaging_enabled),
        messaging_sound: asked.messaging_sound.unwrap_or(before.messaging_sound),
        messaging_preview: asked.messaging_preview.unwrap_or(before.messaging_preview),
        email_enabled: asked.email_enabled.unwrap_or(before.email_enabled),
        quiet_hours: asked.quiet_hours.map_or(before.quiet_hours, |set| set.hours),
        time_zone: asked.time_zone.as_ref().unwrap_or(&before.time_zone).clone(),
    }
}
