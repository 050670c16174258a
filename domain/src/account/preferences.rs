//! Preferences of the user.

use fold::{Decision, Purpose};
use schemas::preferences::{Preferences, PreferencesChanged, UpdatePreferences};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};

impl Operation<Accounts> for UpdatePreferences {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Preferences>(&())]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = context.row::<Preferences>(&()).cloned().unwrap_or_default();
        let preferences = apply(self, &before);
        if preferences == before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.row(&(), preferences.clone());
        effect.account_event(context.id, PreferencesChanged { preferences });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Preferences>(&()).cloned().unwrap_or_default();
        holds(apply(self, &stands) == stands)
    }
}

fn apply(asked: &UpdatePreferences, before: &Preferences) -> Preferences {
    Preferences {
        locale: asked.locale.clone().unwrap_or_else(|| before.locale.clone()),
        auto_translate: asked.auto_translate.unwrap_or(before.auto_translate),
    }
}
