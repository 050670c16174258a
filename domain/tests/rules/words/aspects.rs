//! Aspects of messages, in words.

use schemas::reacting::{ReactionGroup, Reactions, ToldReaction};
use schemas::tables::views::{AspectBody, OfMessage, ViewRow};

use super::{previews, tally};

/// An aspect of a message of `of`.
pub fn aspect(of: &str, row: &ViewRow) -> String {
    let (seq, OfMessage::Aspect(body)) = OfMessage::from_row(&row.key, &row.columns).unwrap() else {
        panic!("a core under another kind")
    };
    match body {
        AspectBody::Reactions(all) => format!("aspect {of} {seq}: {}", reactions(&all)),
        AspectBody::Pin(aspect) => {
            let pin = aspect.pin.map(|pin| format!("pinned at {} by {}", pin.at, pin.by));
            format!("aspect {of} {seq}: {}", pin.unwrap_or_else(|| "not pinned".to_owned()))
        }
        AspectBody::Previews(all) => format!("aspect {of} {seq}: {}", previews::previews(&all)),
        AspectBody::Poll(votes) => format!("aspect {of} {seq}: {}", tally(&votes)),
    }
}

/// Each emoji with its count, and who put it there first.
pub fn reactions(all: &Reactions) -> String {
    let each = |group: &ReactionGroup| {
        let first: Vec<String> = group.first.iter().map(ToString::to_string).collect();
        format!("{} {} ({})", group.emoji, group.count, first.join(" "))
    };
    let groups: Vec<String> = all.groups.iter().map(each).collect();
    if groups.is_empty() { "no reactions".to_owned() } else { groups.join(", ") }
}

pub fn reaction(told: &ToldReaction) -> String {
    let ToldReaction { target, sent_at, user, emoji, at } = told;
    format!("{emoji} by {user} at {at} on {} by {} of {sent_at}", target.seq, target.author)
}
