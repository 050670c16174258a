//! Edits in random runs: in time and late, of one's own and others' messages, to few texts.

use musclemap_domain::Conversations;
use schemas::editing::EditMessage;
use schemas::message::{Content, Mentions};
use schemas::record::Envelope;

use super::conversation::some_message;
use super::generators::{Draw, Generated, Run};
use crate::names::{asked, user};

impl Generated<Conversations> for EditMessage {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let message = Box::new(some_message(run, draw)?);
        let actor = if draw.below(4) > 0 { message.sender.user.clone() } else { user("bob") };
        let content = Content::plain(draw.of(&["one", "two", "three", " "]));
        Some((asked(), Self { actor, message, content, mentions: Mentions::default() }))
    }
}
