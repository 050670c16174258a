//! Read marks: of messages that are there, that are not yet, and by users who are not members.

use rand::Rng;
use schemas::membership::{Former, Member};
use schemas::operations::{AcknowledgeDelivery, MarkRead, MarkUnread};
use schemas::receipts::Receipt;

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::Clients;
use crate::world::State;

impl Simulated for MarkRead {
    const WEIGHT: u32 = 8;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let (up_to, is_shown) = (state.random.random_range(1..40), state.chance(0.7));
        let read = MarkRead { user, up_to, is_shown };
        clients.direct(state, &conversation, read);
    }

    /// Marks are the highest that events tell, and their ordinals count the texts up to there; of former
    /// members the marks are kept.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.stories().try_for_each(|story| marks(story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

impl Simulated for AcknowledgeDelivery {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let up_to = state.random.random_range(1..40);
        clients.direct(state, &conversation, AcknowledgeDelivery { user, up_to });
    }

    /// Beside the read marks.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        MarkRead::holds(rest)
    }
}

impl Simulated for MarkUnread {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        clients.direct(state, &conversation, MarkUnread { user });
    }

    /// Marked are those whom events tell.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for (user, person) in &story.history.people {
                let receipt = story.stored.get::<Receipt>(user);
                let marked = receipt.is_some_and(|receipt| receipt.marked_unread);
                if marked != person.marked_unread {
                    return Err(format!("{} of {user}: {receipt:?}, not {person:?}", story.id));
                }
            }
        }
        Ok(())
    }
}

fn marks(story: &Story) -> Result<(), String> {
    for (user, person) in &story.history.people {
        let receipt = story.stored.get::<Receipt>(user);
        // Who has declined a request stays a member for the other.
        let stored = if person.is_shown() {
            story.stored.get::<Member>(user).map(|member| member.marks(receipt))
        } else {
            story.stored.get::<Former>(user).map(|former| former.marks)
        };
        let stored = stored.map(|marks| (marks.read.up_to, marks.delivered.up_to, marks.shown.up_to));
        let told = (person.mark, person.delivered, person.shown);
        // Of what a sender reads by sending no event says whether it is shown.
        let is_told = |(read, delivered, shown): (i64, i64, i64)| {
            (read, delivered) == (told.0, told.1) && (told.2..=told.0).contains(&shown)
        };
        if !stored.is_some_and(is_told) {
            return Err(format!("{user} has read and got up to {stored:?}, not {person:?}"));
        }
        if let Some(receipt) = receipt.filter(|receipt| !receipt.ended) {
            let ordinal = story.history.texts_up_to(receipt.marks.read.up_to);
            if receipt.ordinal != ordinal || !person.is_shown() {
                return Err(format!("receipt of {user}: {receipt:?}, ordinal {ordinal}"));
            }
        }
    }
    Ok(())
}
