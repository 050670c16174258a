//! Privacy settings: each of them now and then, often the same again.

use rand::Rng;
use schemas::AccountRequest;
use schemas::privacy::{Audience, Privacy, UpdatePrivacy};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

impl Simulated for UpdatePrivacy {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let mut audience = || {
            let audience = [Audience::Everyone, Audience::Followers, Audience::NoOne];
            state.chance(0.4).then(|| audience[state.random.random_range(0..3)])
        };
        let (who_can_message_me, show_online_status) = (audience(), audience());
        let mut switch = || state.chance(0.4).then(|| state.chance(0.5));
        let update = UpdatePrivacy {
            who_can_message_me,
            show_online_status,
            show_read_receipts: switch(),
            show_typing_indicator: switch(),
            allow_message_requests: switch(),
            appear_offline: switch(),
        };
        clients.own(state, &user, update);
    }

    /// Of each setting the last one in the log stands.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut wanted = Privacy::default();
            for request in rest.asked(user) {
                if let AccountRequest::UpdatePrivacy(asked) = request {
                    set(&mut wanted.who_can_message_me, asked.who_can_message_me);
                    set(&mut wanted.show_online_status, asked.show_online_status);
                    set(&mut wanted.show_read_receipts, asked.show_read_receipts);
                    set(&mut wanted.show_typing_indicator, asked.show_typing_indicator);
                    set(&mut wanted.allow_message_requests, asked.allow_message_requests);
                    set(&mut wanted.appear_offline, asked.appear_offline);
                }
            }
            let stored = account.stored.state.as_ref().map(|state| state.privacy).unwrap_or_default();
            if stored != wanted {
                return Err(format!("privacy of {user} is {stored:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }
}

fn set<T>(setting: &mut T, asked: Option<T>) {
    if let Some(asked) = asked {
        *setting = asked;
    }
}
