//! Notification settings: set one by one, quiet hours whole or not at all.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::notifications::{Notifications, QuietHours, SetQuietHours, UpdateNotifications};
use schemas::verdict::Outcome;

use crate::harness::Harness;
use crate::names::asked;
use crate::render::Table;

/// `messages sound preview, quiet 1320..420, Europe/Berlin`.
pub fn words(notifications: &Notifications) -> String {
    let said = |is_on: bool, what: &'static str| is_on.then_some(what);
    let switches = [
        said(notifications.messaging_enabled, "messages"),
        said(notifications.messaging_sound, "sound"),
        said(notifications.messaging_preview, "preview"),
        said(notifications.email_enabled, "mail"),
    ];
    let switches: Vec<&str> = switches.into_iter().flatten().collect();
    let quiet = notifications.quiet_hours.map(|hours| format!(", quiet {}..{}", hours.start, hours.end));
    format!("{}{}, {}", switches.join(" "), quiet.unwrap_or_default(), notifications.time_zone)
}

fn quiet(start: i32, end: i32) -> UpdateNotifications {
    let hours = Some(QuietHours { start, end });
    UpdateNotifications { quiet_hours: Some(SetQuietHours { hours }), ..Default::default() }
}

fn zone(name: &str) -> UpdateNotifications {
    UpdateNotifications { time_zone: Some(name.to_owned()), ..Default::default() }
}

#[test]
fn notifications_are_set_one_by_one() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    let silent = UpdateNotifications { messaging_sound: Some(false), ..Default::default() };
    table.case("silent", &ann.asks(1_000, silent.clone().into()));
    table.answer("again", &ann.asks(1_000, silent.clone().into()));
    table.answer("nothing asked", &ann.asks(1_000, UpdateNotifications::default().into()));
    table.case("over night", &ann.asks(2_000, quiet(1_320, 420).into()));
    table.case("elsewhere", &ann.asks(3_000, zone("Europe/Berlin").into()));
    let rest = UpdateNotifications {
        messaging_enabled: Some(false),
        messaging_sound: Some(true),
        messaging_preview: Some(false),
        email_enabled: Some(true),
        quiet_hours: Some(SetQuietHours { hours: None }),
        time_zone: None,
    };
    table.case("the rest", &ann.asks(4_000, rest.clone().into()));
    table.outcome("the first, repeated", ann.repeats(1, asked(), silent.into()).as_ref());
    table.outcome("the last, repeated", ann.repeats(6, asked(), rest.into()).as_ref());
    table.is(expect![[r#"
        silent
          done
          notifications messages sound preview, UTC → messages preview, UTC
          to account-events ann: notifications: messages preview, UTC
             NotificationsChanged id=1.3.1.0 at 1000
        again: nothing to do
        nothing asked: nothing to do
        over night
          done
          notifications messages preview, UTC → messages preview, quiet 1320..420, UTC
          to account-events ann: notifications: messages preview, quiet 1320..420, UTC
             NotificationsChanged id=1.3.4.0 at 2000
        elsewhere
          done
          notifications messages preview, quiet 1320..420, UTC → messages preview, quiet 1320..420, Europe/Berlin
          to account-events ann: notifications: messages preview, quiet 1320..420, Europe/Berlin
             NotificationsChanged id=1.3.5.0 at 3000
        the rest
          done
          notifications messages preview, quiet 1320..420, Europe/Berlin → sound mail, Europe/Berlin
          to account-events ann: notifications: sound mail, Europe/Berlin
             NotificationsChanged id=1.3.6.0 at 4000
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the last, repeated: done
    "#]]);
}

#[test]
fn the_form_of_times_and_zones_is_checked() {
    let mut ann: Harness<Accounts> = Harness::ann(0);
    let longest = "a".repeat(64);
    for (update, is_taken) in [
        (quiet(0, 1_439), true),
        (quiet(1_439, 0), true),
        (quiet(-1, 60), false),
        (quiet(60, 1_440), false),
        (quiet(60, 60), false),
        (zone("America/Argentina/ComodRivadavia"), true),
        (zone("Etc/GMT+5"), true),
        (zone(&longest), true),
        (zone(&format!("{longest}a")), false),
        (zone(""), false),
        (zone("Europe Berlin"), false),
        (zone("Europe/Berlín"), false),
        (zone("../zone.tab"), false),
    ] {
        let decided = ann.asks(1_000, update.clone().into());
        match decided.verdict() {
            Outcome::Done(_) => assert!(is_taken, "{update:?}"),
            _ => assert_eq!((decided.refused_with(), is_taken), ("BAD_USER_INPUT", false), "{update:?}"),
        }
    }
}
