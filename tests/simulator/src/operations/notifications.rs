//! Notification settings: each of them now and then, often the same again, some malformed.

use rand::Rng;
use schemas::AccountRequest;
use schemas::notifications::{Notifications, QuietHours, SetQuietHours, UpdateNotifications};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

const ZONES: [&str; 3] = ["UTC", "Europe/Berlin", "not a zone"];
const TIMES: [i32; 3] = [0, 1_320, 1_440];

impl Simulated for UpdateNotifications {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let mut time = || TIMES[state.random.random_range(0..TIMES.len())];
        let hours = QuietHours { start: time(), end: time() };
        let hours = state.chance(0.7).then_some(hours);
        let zone = ZONES[state.random.random_range(0..ZONES.len())];
        let mut switch = || state.chance(0.4).then(|| state.chance(0.5));
        let update = UpdateNotifications {
            messaging_enabled: switch(),
            messaging_sound: switch(),
            messaging_preview: switch(),
            email_enabled: switch(),
            quiet_hours: state.chance(0.4).then_some(SetQuietHours { hours }),
            time_zone: state.chance(0.3).then(|| zone.to_owned()),
        };
        clients.own(state, &user, update);
    }

    /// Of each setting the last one stands of the requests in the log that are well-formed.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut wanted = Notifications::default();
            for request in rest.asked(user) {
                if let AccountRequest::UpdateNotifications(asked) = request
                    && is_well_formed(&asked)
                {
                    set(&mut wanted.messaging_enabled, asked.messaging_enabled);
                    set(&mut wanted.messaging_sound, asked.messaging_sound);
                    set(&mut wanted.messaging_preview, asked.messaging_preview);
                    set(&mut wanted.email_enabled, asked.email_enabled);
                    set(&mut wanted.quiet_hours, asked.quiet_hours.map(|set| set.hours));
                    set(&mut wanted.time_zone, asked.time_zone);
                }
            }
            let stored = account.stored.state.as_ref().map(|state| state.notifications.clone());
            let stored = stored.unwrap_or_default();
            if stored != wanted {
                return Err(format!("notifications of {user} are {stored:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }
}

fn is_well_formed(asked: &UpdateNotifications) -> bool {
    let hours = asked.quiet_hours.and_then(|set| set.hours);
    let fits = |hours: QuietHours| hours.start < 1_440 && hours.end < 1_440 && hours.start != hours.end;
    hours.is_none_or(fits) && asked.time_zone.as_deref() != Some("not a zone")
}

fn set<T>(setting: &mut T, asked: Option<T>) {
    if let Some(asked) = asked {
        *setting = asked;
    }
}
