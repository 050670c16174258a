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
        let title = draw.of(&["one", "two", ""]);
        Some((asked(), Self { actor, title: (!title.is_empty()).then(|| title.to_owned()) }))
    }
}
