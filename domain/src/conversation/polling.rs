//! Polls: posting, voting, closing.
//!
//! Invariants: the tally is the sum of the users' own rows; nothing changes it once the poll is closed; a fact about
//! an anonymous poll names no voter.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::blocking::Blocks;
use schemas::code::{ErrorCode, Refusal};
use schemas::membership::Member;
use schemas::message::{Body, Message};
use schemas::operations::{ClosePoll, PostPoll, VotePoll};
use schemas::polling::{Poll, PollChanged, PollClosed, Tally, ToldVote, Voted};
use schemas::position::LogTime;
use schemas::rows::{MessageHead, Receipt, RowKey};
use schemas::tables::views::AspectBody;
use schemas::verdict::{Done, Outcome, Stored};

use super::{Conversations, Here, blocking, is_direct, message_requests, messages, sending};
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};
use crate::{access, polls};

impl Operation<Conversations> for PostPoll {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let sender = &self.sender.user;
        match purpose {
            Purpose::Repeat => vec![sending::sent_key(sender, &self.client_id)],
            Purpose::Decide => vec![
                RowKey::of::<Member>(sender),
                RowKey::of::<Receipt>(sender),
                RowKey::of::<Blocks>(sender),
            ],
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        sending::check_sender(context, &self.sender.user)?;
        let message = sending::core(context, &self.sender, &self.client_id, Body::Poll(self.poll.clone()));
        let (effect, seq) = sending::store(context, message, &self.client_id, self.shows_reads)?;
        Ok(effect.answered(Outcome::Stored(Stored { seq })))
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        sending::stored_before(past, &self.sender.user, &self.client_id)
    }
}

/// A poll with its votes, as one user sees it.
struct Seen<'a> {
    head: &'a MessageHead,
    message: Message,
    poll: Poll,
    tally: Tally,
}

/// Rows that [`seen`] reads, and the user's own vote.
fn needs(user: &UserId, message: &Message) -> Vec<RowKey> {
    let own = RowKey::of::<Voted>(&(message.seq, user.clone()));
    let sight = messages::sight_of(user, message.seq, message.sender_id()).into_iter();
    sight.chain([own, RowKey::of::<Tally>(&message.seq)]).collect()
}

/// NOT_FOUND for a message that the user does not see, or that was deleted.
fn seen<'a>(context: &Here<'a>, user: &UserId, carried: &Message) -> Result<Seen<'a>, Refusal> {
    let head = messages::visible(context, user, carried.seq, carried.sender_id())?;
    if head.removed_at.is_some() {
        return Err(Refusal::not_found());
    }
    let no_poll = || Refusal::bad_input("messageId", "the message is no poll");
    if head.sender.is_none() {
        return Err(no_poll());
    }
    let message = messages::stored_core(head, carried)?;
    let poll = message.body.poll().cloned().ok_or_else(no_poll)?;
    let mut tally = context.row::<Tally>(&carried.seq).cloned().unwrap_or_default();
    tally.votes.resize(poll.options.len(), 0);
    Ok(Seen { head, message, poll, tally })
}

fn closed() -> Refusal {
    Refusal::new(ErrorCode::Conflict, "the poll is closed")
}

impl Operation<Conversations> for VotePoll {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Repeat => vec![RowKey::of::<Voted>(&(self.message.seq, self.user.clone()))],
            Purpose::Decide => needs(&self.user, &self.message),
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Seen { head, message, poll, mut tally } = seen(context, &self.user, &self.message)?;
        if is_direct(context) {
            blocking::check_sender(context.owner, &self.user)?;
            message_requests::check_accepted(context)?;
        }
        polls::check_choice(&poll, &self.options)?;
        let key = (message.seq, self.user.clone());
        let before = context.row::<Voted>(&key).cloned().unwrap_or_default();
        if before.options == self.options {
            return Err(NoEffect::Nothing);
        }
        if polls::is_closed(&poll, &tally, context.at) {
            return Err(closed().into());
        }
        count(&mut tally, &before.options, -1);
        count(&mut tally, &self.options, 1);
        let vote = (!poll.anonymous).then(|| told(self, &before, context.at));
        let mut effect = context.effect();
        effect.row(&key, Voted { options: self.options.clone(), at: context.at });
        write(context, &mut effect, head, message, tally, vote);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let own = past.owner.get::<Voted>(&(self.message.seq, self.user.clone()));
        holds(own.map_or(&[][..], |own| &own.options) == self.options)
    }
}

impl Operation<Conversations> for ClosePoll {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        match purpose {
            Purpose::Repeat => vec![RowKey::of::<Tally>(&self.message.seq)],
            Purpose::Decide => needs(&self.actor, &self.message),
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Seen { head, message, poll, mut tally } = seen(context, &self.actor, &self.message)?;
        let manages = context.row::<Member>(&self.actor).is_some_and(|member| access::manages(member.role));
        if head.sender.as_ref() != Some(&self.actor) && !manages {
            let who = "a poll is closed by its sender, the owner and moderators";
            return Err(Refusal::new(ErrorCode::Forbidden, who).into());
        }
        if polls::is_closed(&poll, &tally, context.at) {
            return Err(closed().into());
        }
        tally.closed = Some(PollClosed { at: context.at, position: context.offset });
        let mut effect = context.effect();
        write(context, &mut effect, head, message, tally, None);
        Ok(effect.done())
    }

    /// A poll is closed once, by the command that its row names.
    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let tally = past.owner.get::<Tally>(&self.message.seq);
        match tally.and_then(|tally| tally.closed) {
            Some(by) if by.position == past.offset => Some(Outcome::Done(Done { changed: true })),
            Some(_) => Some(Outcome::refused(closed())),
            None => holds(false),
        }
    }
}

fn count(tally: &mut Tally, options: &[i32], by: i32) {
    for place in options.iter().filter_map(|place| usize::try_from(*place).ok()) {
        if let Some(votes) = tally.votes.get_mut(place) {
            *votes += by;
        }
    }
}

fn told(vote: &VotePoll, before: &Voted, at: LogTime) -> ToldVote {
    let before = if before.options.is_empty() { at } else { before.at };
    ToldVote { user: vote.user.clone(), options: vote.options.clone(), at, before }
}

/// Writes what all chose, and tells it.
fn write(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    head: &MessageHead,
    message: Message,
    mut tally: Tally,
    vote: Option<ToldVote>,
) {
    tally.changes += 1;
    effect.row(&message.seq, tally.clone());
    messages::write_aspect(context, effect, message.seq, head, AspectBody::Poll(tally.clone()), true);
    effect.event(context.id, PollChanged { message: message.stored(), tally, vote });
}
