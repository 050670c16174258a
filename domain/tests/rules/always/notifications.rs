//! Notification settings in random runs.

use musclemap_domain::Accounts;
use schemas::notifications::{QuietHours, SetQuietHours, UpdateNotifications};
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::asked;

impl Generated<Accounts> for UpdateNotifications {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let mut update = Self::default();
        match draw.below(4) {
            0 => update.messaging_enabled = Some(draw.coin()),
            1 => update.messaging_sound = Some(draw.coin()),
            2 => {
                let (start, end) = (draw.from(0, 2) as i32 * 720, draw.from(0, 2) as i32 * 720);
                let hours = draw.coin().then_some(QuietHours { start, end });
                update.quiet_hours = Some(SetQuietHours { hours });
            }
            _ => update.time_zone = Some(draw.of(&["UTC", "Asia/Tokyo", "no zone"]).to_owned()),
        }
        Some((asked(), update))
    }
}
