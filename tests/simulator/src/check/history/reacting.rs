//! Reactions as the events tell them.

use schemas::UserId;
use schemas::aspects::Aspect;
use schemas::position::{LogTime, Offset};
use schemas::reacting::ToldReaction;

use super::{History, Person, Written};

/// Emoji on one message, in the order in which they came, each with its users in order.
pub type Groups = Vec<(String, Vec<By>)>;

/// Different emoji that a message may have in these runs.
const MOST_EMOJI: usize = 3;

/// Who reacted, when, and by which command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    pub user: UserId,
    pub at: LogTime,
    pub position: Offset,
}

impl History {
    /// The bits of the aspects that a message has.
    pub fn aspects(&self, seq: i64) -> i32 {
        let reactions = if self.reactions.contains_key(&seq) { Aspect::Reactions.bit() } else { 0 };
        let is_pinned = self.pins.iter().any(|(pinned, _)| *pinned == seq);
        let pin = if is_pinned { Aspect::Pin.bit() } else { 0 };
        let previews = if self.previews.contains_key(&seq) { Aspect::Previews.bit() } else { 0 };
        let poll = if self.votes.contains_key(&seq) { Aspect::Poll.bit() } else { 0 };
        reactions | pin | poll | previews
    }

    /// A member, and a text that the member sees and that was not deleted.
    pub(super) fn seen(&self, user: &UserId, seq: i64) -> Result<(&Person, &Written), String> {
        let person = self.people.get(user).filter(|person| person.is_present());
        let person = person
            .filter(|person| person.intervals.last().is_some_and(|last| last.first_seq <= seq))
            .ok_or_else(|| format!("{user} sees no message {seq}"))?;
        let written = self.messages.iter().find(|written| written.message.seq == seq);
        let written = written
            .filter(|written| written.is_there() && written.message.body.note().is_none())
            .ok_or_else(|| format!("{seq} is no text that is there"))?;
        Ok((person, written))
    }

    /// The text to which a reaction is must be one that its user sees.
    fn check_seen(&self, reaction: &ToldReaction) -> Result<(), String> {
        let (_, written) = self.seen(&reaction.user, reaction.target.seq)?;
        let author = (written.message.sender_id(), written.message.sent_at);
        if author != (&reaction.target.author, reaction.sent_at) {
            return Err(format!("{reaction:?} is to another's {:?}", written.message));
        }
        Ok(())
    }

    pub(super) fn reacted(&mut self, position: Offset, reaction: ToldReaction) -> Result<(), String> {
        self.check_seen(&reaction)?;
        let groups = self.reactions.entry(reaction.target.seq).or_default();
        let by = By { user: reaction.user, at: reaction.at, position };
        match groups.iter_mut().find(|(emoji, _)| *emoji == reaction.emoji) {
            Some((_, users)) if users.iter().any(|other| other.user == by.user) => {
                return Err(format!("{by:?} reacts twice"));
            }
            Some((_, users)) => users.push(by),
            None => groups.push((reaction.emoji, vec![by])),
        }
        if groups.len() > MOST_EMOJI { Err(format!("too many emoji: {groups:?}")) } else { Ok(()) }
    }

    pub(super) fn unreacted(&mut self, reaction: &ToldReaction) -> Result<(), String> {
        self.check_seen(reaction)?;
        let seq = reaction.target.seq;
        let groups = self.reactions.get_mut(&seq).ok_or_else(|| format!("{reaction:?} never was"))?;
        let group = groups.iter_mut().find(|(emoji, _)| *emoji == reaction.emoji);
        let (_, users) = group.ok_or_else(|| format!("{reaction:?} never was"))?;
        let place = users.iter().position(|by| (&by.user, by.at) == (&reaction.user, reaction.at));
        users.remove(place.ok_or_else(|| format!("{reaction:?} never was"))?);
        groups.retain(|(_, users)| !users.is_empty());
        if groups.is_empty() {
            self.reactions.remove(&seq);
        }
        Ok(())
    }
}
