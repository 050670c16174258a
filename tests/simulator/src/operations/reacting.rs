//! Reactions: few emoji on any message, put there and taken away by members and others.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::limits::Usage;
use schemas::message::MessageTarget;
use schemas::operations::{AddReaction, React, RemoveReaction};
use schemas::reacting::{Reacted, ReactionGroup, Reactions};
use schemas::tables::views::AspectBody;
use schemas::{ConversationId, ConversationRequest, UserId};

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::Clients;
use crate::world::State;

const EMOJI: [&str; 4] = ["👍", "❤️", "🎉", "🙈"];
/// Of one user, in any two seconds.
const MOST: usize = 6;

/// A user, a message as they name it, and an emoji.
fn drawn(
    clients: &mut Clients,
    state: &mut State,
) -> Option<(UserId, ConversationId, MessageTarget, String)> {
    let (user, conversation) = (clients.user(state), clients.conversation(state));
    let message = clients.message(state, &conversation)?;
    let author = if state.chance(0.05) { clients.user(state) } else { message.sender.user };
    let emoji = EMOJI[state.random.random_range(0..EMOJI.len())].to_owned();
    Some((user, conversation, MessageTarget { seq: message.seq, author }, emoji))
}

impl Simulated for AddReaction {
    const WEIGHT: u32 = 10;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, conversation, target, emoji)) = drawn(clients, state) else { return };
        clients.own(state, &user, Self { conversation, target, emoji });
    }

    /// No account counts more than its limit.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let usage = account.stored.get::<Usage>(&"react".to_owned());
            let counted = usage.map_or(&[][..], |usage| &usage.uses);
            if counted.len() > MOST {
                return Err(format!("{user} has {} reactions that count", counted.len()));
            }
        }
        Ok(())
    }
}

impl Simulated for React {
    const WEIGHT: u32 = 1;

    /// Without a charge, which its account alone can give.
    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, conversation, target, emoji)) = drawn(clients, state) else { return };
        clients.direct(state, &conversation, Self { user, target, emoji });
    }

    /// Rows and aspects say what the events tell; what no account has counted is refused.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.refused(|request| matches!(request, ConversationRequest::React(_)))?;
        rest.stories()
            .try_for_each(|story| agrees(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

impl Simulated for RemoveReaction {
    const WEIGHT: u32 = 5;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, conversation, target, emoji)) = drawn(clients, state) else { return };
        clients.direct(state, &conversation, Self { user, target, emoji });
    }

    /// A message that was deleted shows no reaction.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in story.history.messages.iter().filter(|written| written.removed_at.is_some()) {
                let seq = written.message.seq;
                let told = rest.aspects(&story.id, seq)?;
                if told.iter().any(|body| *body != AspectBody::gone(body.aspect())) {
                    return Err(format!("{}: {seq} was deleted, and has {told:?}", story.id));
                }
            }
        }
        Ok(())
    }
}

fn agrees(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let (mut own, mut wanted) = (BTreeMap::new(), BTreeMap::new());
    for (seq, groups) in &story.history.reactions {
        for (emoji, users) in groups {
            for by in users {
                let key = (*seq, by.user.clone(), emoji.clone());
                own.insert(key, (by.at, by.position));
            }
        }
        wanted.insert(*seq, groups.clone());
    }
    let is_live = |(seq, _): &(i64, UserId)| {
        story
            .history
            .messages
            .iter()
            .any(|written| written.message.seq == *seq && written.removed_at.is_none())
    };
    let mut stored = BTreeMap::new();
    for ((seq, user), row) in story.stored.all::<Reacted>().filter(|(key, _)| is_live(key)) {
        for reaction in &row.reactions {
            stored.insert((seq, user.clone(), reaction.emoji.clone()), (reaction.at, reaction.position));
        }
    }
    if stored != own {
        return Err(format!("reactions {stored:?}, not {own:?}"));
    }
    let rows = story.stored.all::<Reactions>().filter(|(_, row)| !row.groups.is_empty());
    let rows: BTreeMap<i64, &Reactions> = rows.collect();
    if rows.keys().ne(wanted.keys()) {
        return Err(format!("rows of {:?}, not of {:?}", rows.keys(), wanted.keys()));
    }
    for (seq, row) in rows {
        let said: Vec<(String, usize)> =
            row.groups.iter().map(|group| (group.emoji.clone(), group.count as usize)).collect();
        let told: Vec<(String, usize)> =
            wanted[&seq].iter().map(|(emoji, users)| (emoji.clone(), users.len())).collect();
        let begins = row.groups.iter().zip(&wanted[&seq]).all(|(group, (_, users))| {
            group.first.len() <= ReactionGroup::FIRST
                && group.first.iter().eq(users.iter().map(|by| &by.user).take(group.first.len()))
        });
        if said != told || !begins {
            return Err(format!("row of {seq} {row:?}, not {:?}", wanted[&seq]));
        }
        let aspects = rest.aspects(&story.id, seq)?;
        if !aspects.contains(&AspectBody::Reactions(row.clone())) {
            return Err(format!("aspects of {seq} {aspects:?}, not {row:?}"));
        }
    }
    Ok(())
}
