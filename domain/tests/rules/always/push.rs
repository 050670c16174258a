//! Push subscriptions in random runs: few addresses, some malformed.

use musclemap_domain::Accounts;
use schemas::push::{FcmToken, PushAddress, PushChannel, PushDevice, RegisterPush, RemovePush};
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::asked;
use crate::push::web;

impl Generated<Accounts> for RegisterPush {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let channel = match draw.below(3) {
            0 => PushChannel::Fcm(FcmToken { token: draw.of(&["one", "two", "no token"]).to_owned() }),
            _ => web(draw.below(24), draw.of(&["A", "B"])),
        };
        let device = if draw.coin() { PushDevice::Web } else { PushDevice::Mobile };
        Some((asked(), Self { channel, device }))
    }
}

impl Generated<Accounts> for RemovePush {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let request = match draw.below(6) {
            0 => Self::all(),
            1 => Self::one(PushAddress::Fcm(FcmToken { token: "one".to_owned() })),
            _ => Self::one(web(draw.below(24), "A").address()),
        };
        Some((asked(), request))
    }
}
