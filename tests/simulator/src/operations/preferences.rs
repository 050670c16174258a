//! Preferences: few locales, now and then the same again.

use rand::Rng;
use schemas::AccountRequest;
use schemas::preferences::{Preferences, UpdatePreferences};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

impl Simulated for UpdatePreferences {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        let locale = ["de", "en", "pt-BR"][state.random.random_range(0..3)];
        let locale = state.chance(0.7).then(|| locale.to_owned());
        let auto_translate = state.chance(0.5).then(|| state.chance(0.5));
        clients.own(state, &user, UpdatePreferences { locale, auto_translate });
    }

    /// Of each the last one in the log stands.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut wanted = Preferences::default();
            for request in rest.asked(user) {
                if let AccountRequest::UpdatePreferences(asked) = request {
                    wanted.locale = asked.locale.unwrap_or(wanted.locale);
                    wanted.auto_translate = asked.auto_translate.unwrap_or(wanted.auto_translate);
                }
            }
            let stored = account.stored.get::<Preferences>(&()).cloned().unwrap_or_default();
            if stored != wanted {
                return Err(format!("preferences of {user} are {stored:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }
}
