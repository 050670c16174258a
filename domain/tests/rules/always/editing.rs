//! Edits in random runs: in time and late, of one's own and others' messages, to few texts.

use musclemap_domain::Conversations;
use schemas::editing::EditMessage;
use schemas::message::{Content, Mentions};
use schemas::record::Envelope;
use schemas::rows::MessageHead;

use super::generators::{Draw, Generated, Run};
use crate::names::{asked, sent, user};

impl Generated<Conversations> for EditMessage {
    const WEIGHT: u32 = 3;

    fn generate(run: &mut Run<Conversations>, draw: &mut Draw<'_>) -> Option<(Envelope, Self)> {
        let heads: Vec<(i64, &MessageHead)> = run.harness.all::<MessageHead>().collect();
        let (seq, head) = (!heads.is_empty()).then(|| heads[draw.below(heads.len())])?;
        let sender = head.sender.as_ref().map_or("ann", |sender| sender.as_str());
        let message = Box::new(sent(seq, sender, head.position, head.at));
        let actor = if draw.below(4) > 0 { user(sender) } else { user("bob") };
        let content = Content::plain(draw.of(&["one", "two", "three", " "]));
        Some((asked(), Self { actor, message, content, mentions: Mentions::default() }))
    }
}
