//! Push subscriptions: few addresses and keys, so that requests meet; some malformed.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::AccountRequest;
use schemas::push::{
    FcmToken, PushAddress, PushChannel, PushDevice, PushSubscriptions, RegisterPush, RemovePush, WebPush,
};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

const TOKENS: [&str; 3] = ["one", "two", "no token"];
const DEVICES: [PushDevice; 3] = [PushDevice::Web, PushDevice::Mobile, PushDevice::Desktop];

fn channel(state: &mut State) -> PushChannel {
    if state.chance(0.3) {
        let token = TOKENS[state.random.random_range(0..TOKENS.len())].to_owned();
        return PushChannel::Fcm(FcmToken { token });
    }
    let endpoint = format!("https://push.example/{}", state.random.random_range(0..4));
    let key = if state.chance(0.5) { "A" } else { "B" };
    PushChannel::WebPush(WebPush { endpoint, p256dh: key.repeat(87), auth: key.repeat(22) })
}

impl Simulated for RegisterPush {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let (channel, device) = (channel(state), DEVICES[state.random.random_range(0..DEVICES.len())]);
        clients.own(state, &user, Self { channel, device });
    }

    /// Of each address the last request in the log stands: it has the keys and the device that this one gave.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut wanted: BTreeMap<String, (PushChannel, PushDevice)> = BTreeMap::new();
            for request in rest.asked(user) {
                match request {
                    AccountRequest::RegisterPush(asked) => {
                        let name = name(&asked.channel.address());
                        if name != "no token" {
                            wanted.insert(name, (asked.channel, asked.device));
                        }
                    }
                    AccountRequest::RemovePush(RemovePush { named: Some(named) }) => {
                        wanted.remove(&name(&named.address));
                    }
                    AccountRequest::RemovePush(RemovePush { named: None }) => wanted.clear(),
                    _ => {}
                }
            }
            let stored = account.stored.get::<PushSubscriptions>(&()).cloned().unwrap_or_default();
            let count = stored.all.len();
            let stored =
                stored.all.into_iter().map(|one| (name(&one.channel.address()), (one.channel, one.device)));
            let stored: BTreeMap<_, _> = stored.collect();
            if count != stored.len() || stored != wanted {
                return Err(format!(
                    "push subscriptions of {user}: {:?}, not {:?}",
                    stored.keys(),
                    wanted.keys()
                ));
            }
        }
        Ok(())
    }
}

fn name(address: &PushAddress) -> String {
    match address {
        PushAddress::WebPush(web) => web.endpoint.clone(),
        PushAddress::Fcm(fcm) => fcm.token.clone(),
    }
}

impl Simulated for RemovePush {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let channel = channel(state);
        let request = if state.chance(0.9) { Self::one(channel.address()) } else { Self::all() };
        clients.own(state, &user, request);
    }

    /// A removed address is not registered: [`RegisterPush`] compares whole rows with the log. Here each row is
    /// within its bound.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let count = account.stored.get::<PushSubscriptions>(&()).map_or(0, |row| row.all.len());
            if count > PushSubscriptions::MOST {
                return Err(format!("{user} has {count} push subscriptions"));
            }
        }
        Ok(())
    }
}
