//! Votes as the events tell them.

use std::collections::BTreeMap;

use schemas::UserId;
use schemas::blocking::Blocks;
use schemas::message::Message;
use schemas::polling::{Poll, PollChanged, Tally, ToldVote};

use super::History;

/// The votes in one poll.
#[derive(Debug, Clone, Default)]
pub struct Votes {
    pub tally: Tally,
    /// What each user has chosen last, and when; of an anonymous poll nothing.
    pub named: BTreeMap<UserId, ToldVote>,
}

impl History {
    pub(super) fn poll_changed(&mut self, changed: PollChanged) -> Result<(), String> {
        let PollChanged { message, tally, vote } = changed;
        let written = self.messages.iter().find(|written| written.message.seq == message.seq);
        let written = written
            .filter(|written| written.removed_at.is_none() && written.message == message)
            .ok_or_else(|| format!("{message:?} is not there"))?;
        let poll = written.message.body.poll().ok_or_else(|| format!("{message:?} is no poll"))?.clone();
        let before = self.votes.get(&message.seq).cloned().unwrap_or_default();
        if before.tally.closed.is_some() || tally.changes != before.tally.changes + 1 {
            return Err(format!("{tally:?} after {before:?}"));
        }
        let mut now = Votes { tally, ..before.clone() };
        match vote {
            Some(vote) => {
                self.check_voter(&message, &poll, &vote)?;
                let earlier = now.named.insert(vote.user.clone(), vote.clone());
                let is_next = earlier.as_ref().map_or(&[][..], |earlier| &earlier.options) != vote.options;
                let since = earlier.filter(|earlier| !earlier.options.is_empty());
                if !is_next || vote.before != since.map_or(vote.at, |earlier| earlier.at) {
                    return Err(format!("{vote:?} after {:?}", before.named));
                }
                let counted: Vec<i32> =
                    (0..poll.options.len() as i32).map(|place| count(&now, place)).collect();
                if now.tally.votes != counted || now.tally.closed.is_some() {
                    return Err(format!("{:?} of {counted:?}", now.tally));
                }
            }
            None => may_follow(&poll, &before.tally, &now.tally)?,
        }
        self.votes.insert(message.seq, now);
        Ok(())
    }

    /// A vote is of a member who sees the poll, before its end, and nothing stands between two.
    fn check_voter(&self, message: &Message, poll: &Poll, vote: &ToldVote) -> Result<(), String> {
        self.seen(&vote.user, message.seq)?;
        let stands = self.people.values().any(|person| person.request.is_some())
            || self.blocks.values().any(Blocks::stands);
        if poll.anonymous || (self.is_pair() && stands) {
            return Err(format!("{vote:?} in {poll:?}"));
        }
        if poll.closes_at.is_some_and(|end| vote.at >= end) {
            return Err(format!("{vote:?} after the end of {poll:?}"));
        }
        if vote.options.len() > 1 && !poll.multiple {
            return Err(format!("{vote:?} in a poll of one choice"));
        }
        Ok(())
    }
}

fn count(votes: &Votes, place: i32) -> i32 {
    votes.named.values().filter(|vote| vote.options.contains(&place)).count() as i32
}

/// Without a name, a poll is closed, or one vote of an anonymous one has changed.
fn may_follow(poll: &Poll, before: &Tally, now: &Tally) -> Result<(), String> {
    let had = |place: usize| before.votes.get(place).copied().unwrap_or(0);
    let differences: Vec<i32> =
        now.votes.iter().enumerate().map(|(place, votes)| votes - had(place)).collect();
    let is_same = differences.iter().all(|difference| *difference == 0);
    let is_vote = poll.anonymous && differences.iter().all(|difference| difference.abs() <= 1) && !is_same;
    let is_closing = now.closed.is_some() && is_same;
    let is_ended = poll.closes_at.zip(now.closed).is_some_and(|(end, by)| by.at >= end);
    if (is_closing || (is_vote && now.closed.is_none())) && !is_ended && now.votes.len() == poll.options.len()
    {
        Ok(())
    } else {
        Err(format!("{now:?} after {before:?}"))
    }
}
