//! Privacy settings in random runs.

use musclemap_domain::Accounts;
use schemas::privacy::{Audience, UpdatePrivacy};
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::asked;

impl Generated<Accounts> for UpdatePrivacy {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let audience = [Audience::Everyone, Audience::Followers, Audience::NoOne][draw.below(3)];
        let mut update = Self::default();
        match draw.below(4) {
            0 => update.who_can_message_me = Some(audience),
            1 => update.show_online_status = Some(audience),
            2 => update.show_read_receipts = Some(draw.coin()),
            _ => update.allow_message_requests = Some(draw.coin()),
        }
        Some((asked(), update))
    }
}
