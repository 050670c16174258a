//! Organizing and preferences in random runs: two conversations, few labels and texts.

use musclemap_domain::{Accounts, Conversations};
use schemas::organizing::{OrganizeConversation, SaveDraft};
use schemas::preferences::UpdatePreferences;
use schemas::receipts::MarkUnread;
use schemas::record::Envelope;

use super::generators::{Draw, Generated, Run};
use crate::names::{asked, conversation, organize, user};

impl Generated<Accounts> for OrganizeConversation {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let mut request = organize(draw.from(1, 3) as u8, draw.from(0, 5));
        match draw.below(4) {
            0 => request.archived = Some(draw.coin()),
            1 => request.muted_until = Some(run.now + draw.from(-5_000, 60_000)),
            2 => request.starred = Some(draw.coin()),
            _ => request.labels = Some(vec![draw.of(&["", "gym", "crew"]).to_owned()]),
        }
        Some((asked(), request))
    }
}

impl Generated<Accounts> for SaveDraft {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let conversation = conversation(draw.from(1, 3) as u8);
        Some((asked(), Self { conversation, content: draw.of(&["", "one", "two"]).to_owned() }))
    }
}

impl Generated<Accounts> for UpdatePreferences {
    const WEIGHT: u32 = 1;

    fn generate(_: &mut Run<Accounts>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let locale = draw.coin().then(|| draw.of(&["de", "en"]).to_owned());
        Some((asked(), Self { locale, auto_translate: draw.coin().then_some(true) }))
    }
}

impl Generated<Conversations> for MarkUnread {
    const WEIGHT: u32 = 2;

    fn generate(_: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        Some((asked(), Self { user: user(draw.of(&["ann", "bob", "cleo"])) }))
    }
}
