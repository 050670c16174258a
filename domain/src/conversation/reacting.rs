//! Reacting to a message, and taking a reaction back.
//!
//! Invariants: of each emoji the count is that of the users' own rows, and the users named first are the first of
//! them in order; a message has at most as many distinct emoji as the policy allows.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::code::Refusal;
use schemas::message::MessageTarget;
use schemas::operations::{React, RemoveReaction};
use schemas::reacting::{
    Reacted, Reaction, ReactionAdded, ReactionGroup, ReactionRemoved, Reactions, ToldReaction,
};
use schemas::rows::{MessageHead, RowKey};
use schemas::tables::views::AspectBody;
use schemas::verdict::{Done, Outcome};

use super::{Conversations, Here, blocking, is_direct, messages, uncharged};
use crate::effect::Effect;
use crate::emoji;
use crate::operation::{NoEffect, Operation, Past, holds};

fn needs(user: &UserId, target: &MessageTarget, purpose: Purpose) -> Vec<RowKey> {
    let own = RowKey::of::<Reacted>(&(target.seq, user.clone()));
    match purpose {
        Purpose::Repeat => vec![own],
        Purpose::Decide => {
            let sight = messages::sight_of(user, target.seq, &target.author).into_iter();
            sight.chain([own, RowKey::of::<Reactions>(&target.seq)]).collect()
        }
    }
}

/// A message with its reactions, as one user sees it.
struct Seen<'a> {
    head: &'a MessageHead,
    all: Reactions,
    own: Reacted,
}

/// NOT_FOUND for a message that the user does not see, or that was deleted.
fn seen<'a>(context: &Here<'a>, user: &UserId, target: &MessageTarget) -> Result<Seen<'a>, Refusal> {
    let head = messages::visible(context, user, target.seq, &target.author)?;
    if head.removed_at.is_some() {
        return Err(Refusal::not_found());
    }
    if head.sender.is_none() {
        return Err(Refusal::bad_input("messageId", "system messages take no reactions"));
    }
    Ok(Seen {
        head,
        all: context.row::<Reactions>(&target.seq).cloned().unwrap_or_default(),
        own: context.row::<Reacted>(&(target.seq, user.clone())).cloned().unwrap_or_default(),
    })
}

impl Operation<Conversations> for React {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        needs(&self.user, &self.target, purpose)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        if context.envelope.charge.is_none() {
            return Err(uncharged().into());
        }
        let (user, target) = (&self.user, &self.target);
        let Seen { head, mut all, mut own } = seen(context, user, target)?;
        emoji::check(&self.emoji)?;
        if is_direct(context) {
            blocking::check_sender(context.owner, user)?;
        }
        if own.with(&self.emoji).is_some() {
            return Err(NoEffect::Nothing);
        }
        let reaction = Reaction { emoji: self.emoji.clone(), at: context.at, position: context.offset };
        add(&mut all, user, &self.emoji, context.policy.limits.emoji_per_message)?;
        own.reactions.push(reaction.clone());
        let told = told(head, target, user, reaction);
        let mut effect = context.effect();
        write(context, &mut effect, target.seq, head, all);
        effect.row(&(target.seq, user.clone()), own).event(context.id, ReactionAdded { reaction: told });
        Ok(effect.done())
    }

    /// What has come to nothing is answered by its account.
    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        if past.charge.is_none() {
            return Some(Outcome::refused(uncharged()));
        }
        let own = past.owner.get::<Reacted>(&(self.target.seq, self.user.clone()))?;
        own.was_added(past.offset).then_some(Outcome::Done(Done { changed: true }))
    }
}

impl Operation<Conversations> for RemoveReaction {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        needs(&self.user, &self.target, purpose)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (user, target) = (&self.user, &self.target);
        let Seen { head, mut all, mut own } = seen(context, user, target)?;
        let reaction = own.remove(&self.emoji).ok_or(NoEffect::Nothing)?;
        take(&mut all, user, &self.emoji);
        let told = told(head, target, user, reaction);
        let mut effect = context.effect();
        write(context, &mut effect, target.seq, head, all);
        effect.row(&(target.seq, user.clone()), own).event(context.id, ReactionRemoved { reaction: told });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let own = past.owner.get::<Reacted>(&(self.target.seq, self.user.clone()));
        holds(own.is_none_or(|own| own.with(&self.emoji).is_none()))
    }
}

/// One more user, who is among the first if all before are.
fn add(all: &mut Reactions, user: &UserId, emoji: &str, most: i32) -> Result<(), Refusal> {
    let place = all.groups.iter().position(|group| group.emoji == emoji);
    let place = match place {
        Some(place) => place,
        None if i32::try_from(all.groups.len()).is_ok_and(|count| count < most) => {
            all.groups.push(ReactionGroup { emoji: emoji.to_owned(), count: 0, first: vec![] });
            all.groups.len() - 1
        }
        None => {
            let detail = "the message has too many different emoji";
            return Err(Refusal::limit_reached("emoji_per_message", detail));
        }
    };
    let group = &mut all.groups[place];
    let are_all = i32::try_from(group.first.len()) == Ok(group.count);
    if are_all && group.first.len() < ReactionGroup::FIRST {
        group.first.push(user.clone());
    }
    group.count += 1;
    Ok(())
}

/// One user less. Who comes next among the first is known from the users' own rows alone.
fn take(all: &mut Reactions, user: &UserId, emoji: &str) {
    if let Some(group) = all.groups.iter_mut().find(|group| group.emoji == emoji) {
        group.count -= 1;
        group.first.retain(|one| one != user);
    }
    all.groups.retain(|group| group.count > 0);
}

fn told(head: &MessageHead, target: &MessageTarget, user: &UserId, reaction: Reaction) -> ToldReaction {
    let Reaction { emoji, at, position: _ } = reaction;
    ToldReaction { target: target.clone(), sent_at: head.at, user: user.clone(), emoji, at }
}

/// Writes what all did, and whether the message has reactions at all.
fn write(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    seq: i64,
    head: &MessageHead,
    all: Reactions,
) {
    let has_any = !all.groups.is_empty();
    effect.row(&seq, all.clone());
    messages::write_aspect(context, effect, seq, head, AspectBody::Reactions(all), has_any);
}
