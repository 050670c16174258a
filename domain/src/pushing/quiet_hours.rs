//! Quiet hours: a part of the day on the wall clock of the user's time zone.
//!
//! Invariant: the wall clock alone decides. An hour that a change of the clock skips is never, and one that it
//! repeats is quiet both times.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemas::notifications::{Notifications, QuietHours};
use schemas::position::LogTime;

/// The database that is built in, the same in every process.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Whether it is quiet for a user at a time.
pub fn is_quiet(notifications: &Notifications, at: LogTime) -> bool {
    let Some(hours) = notifications.quiet_hours else { return false };
    minute_of_day(&notifications.time_zone, at).is_some_and(|minute| contains(hours, minute))
}

/// The end is exclusive. An end before the start is on the next day.
fn contains(hours: QuietHours, minute: i32) -> bool {
    let QuietHours { start, end } = hours;
    if start <= end { (start..end).contains(&minute) } else { minute >= start || minute < end }
}

/// Minutes since midnight on the wall clock. A zone that this build does not know has the clock of UTC; a time
/// that no calendar has is at no minute.
fn minute_of_day(zone: &str, at: LogTime) -> Option<i32> {
    let zone = ZONES.get(zone).unwrap_or(TimeZone::UTC);
    let local = Timestamp::from_millisecond(at).ok()?.to_zoned(zone);
    Some(i32::from(local.hour()) * 60 + i32::from(local.minute()))
}
