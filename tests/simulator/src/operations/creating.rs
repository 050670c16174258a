//! Creations: groups, and the same DIRECT conversations again and again.

use rand::Rng;
use rand::seq::SliceRandom;
use schemas::creating::ConversationKind;
use schemas::operations::{CreateConversation, OpenConversation};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

/// Conversations of a run, at most.
const MOST: usize = 8;

impl Simulated for CreateConversation {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let mut people: Vec<usize> = (0..clients.users().len()).collect();
        people.shuffle(&mut state.random);
        let is_group = clients.created().count() < MOST && state.chance(0.5);
        let (kind, most) =
            if is_group { (ConversationKind::Group, people.len()) } else { (ConversationKind::Direct, 2) };
        people.truncate(state.random.random_range(2..=most));
        clients.create(state, kind, &people);
    }

    /// All that was asked for exists, because no limit was in the way; but for pairs of whom one has blocked
    /// the other.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (id, kind) in rest.clients.created() {
            let story = rest.story(id).ok_or_else(|| format!("{id} does not exist"))?;
            let opened = story.stored.state.as_ref().and_then(|state| state.opened.as_ref());
            let was_blocked = *kind == ConversationKind::Direct && !story.history.blocks.is_empty();
            if opened.is_none() && was_blocked {
                continue;
            }
            if opened.is_none_or(|opened| opened.kind != *kind) {
                return Err(format!("{id} is opened as {opened:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for OpenConversation {
    const WEIGHT: u32 = 0;

    /// An account asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// The state is what the one event says.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let stored = story.stored.state.as_ref().and_then(|state| state.opened.clone());
            if stored != story.history.opened {
                return Err(format!("{}: opened as {stored:?}, events {:?}", story.id, story.history.opened));
            }
        }
        Ok(())
    }
}
