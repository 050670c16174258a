//! Settings in random runs: by owners and others, to few titles.

use musclemap_domain::Conversations;
use schemas::record::Envelope;
use schemas::settings::UpdateConversation;

use super::generators::{Draw, Generated, Run};
use crate::names::{asked, profile};

impl Generated<Conversations> for UpdateConversation {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let actor = profile(draw.of(&["ann", "bob"]));
        let text = draw.of(&["one", "two", ""]).to_owned();
        let mut update = Self { actor, title: None, description: None, announcements_only: None };
        match draw.below(3) {
            0 => update.title = Some(text).filter(|title| !title.is_empty()),
            1 => update.description = Some(text),
            _ => update.announcements_only = Some(text == "one"),
        }
        Some((asked(), update))
    }
}
