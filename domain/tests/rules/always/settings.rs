//! Settings in random runs: by owners and others, to few titles and images.

use musclemap_domain::Conversations;
use schemas::record::Envelope;
use schemas::settings::UpdateConversation;

use super::generators::{Draw, Generated, Run};
use crate::attaching::file;
use crate::names::{asked, profile};

impl Generated<Conversations> for UpdateConversation {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let actor = profile(draw.of(&["ann", "bob"]));
        let text = draw.of(&["one", "two", ""]).to_owned();
        let mut update =
            Self { actor, title: None, description: None, announcements_only: None, avatar: None };
        match draw.below(4) {
            0 => update.title = Some(text).filter(|title| !title.is_empty()),
            1 => update.description = Some(text),
            2 => update.avatar = Some(Box::new(file(if text == "one" { 1 } else { 2 }))),
            _ => update.announcements_only = Some(text == "one"),
        }
        Some((asked(), update))
    }
}
