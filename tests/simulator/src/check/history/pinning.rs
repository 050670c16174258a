//! Pins as the events tell them.

use schemas::UserId;
use schemas::blocking::Blocks;
use schemas::membership::Role;
use schemas::message::{Mentions, Message};
use schemas::pinning::Pinned;

use super::History;

impl History {
    /// Whether a user may pin a message that is there.
    fn check_pin(&self, by: &UserId, message: &Message) -> Result<(), String> {
        let (person, written) = self.seen(by, message.seq)?;
        let is_first = self.opened.as_ref().is_some_and(|opened| opened.by == *by);
        // One who was never given another role, and never left, is what they were at the opening.
        let manages = match person.role {
            Some(Role::Owner | Role::Moderator) => true,
            Some(Role::Member) => false,
            None => is_first && person.intervals.len() == 1,
        };
        if told(&written.message) != told(message) || !(self.is_pair() || manages) {
            return Err(format!("{by} pins {message:?} of {:?}", written.message));
        }
        Ok(())
    }

    pub(super) fn pinned(&mut self, message: &Message, pin: Pinned) -> Result<(), String> {
        self.check_pin(&pin.by, message)?;
        if self.is_pair()
            && (self.people.values().any(|person| person.request.is_some())
                || self.blocks.values().any(Blocks::stands))
        {
            return Err(format!("{} is pinned while a block or a request stands between two", message.seq));
        }
        if self.pins.iter().any(|(seq, _)| *seq == message.seq) {
            return Err(format!("{} is pinned twice", message.seq));
        }
        self.pins.push((message.seq, pin));
        Ok(())
    }

    pub(super) fn unpinned(&mut self, message: &Message, by: &UserId) -> Result<(), String> {
        self.check_pin(by, message)?;
        let place = self.pins.iter().position(|(seq, _)| *seq == message.seq);
        self.pins.remove(place.ok_or_else(|| format!("{} was not pinned", message.seq))?);
        Ok(())
    }
}

/// A message as its row has it; ingest may have read who is mentioned before an edit.
fn told(message: &Message) -> Message {
    Message { mentions: Mentions::default(), ..message.clone().stored() }
}
