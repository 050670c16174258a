//! Message requests: a member whom privacy settings let be reached by a request alone accepts or declines it.
//!
//! Invariants: until a request of a pair is accepted, who asks has one message in it and learns nothing of who is
//! asked; declining is not told to who asks. Who writes to a conversation accepts the request to them.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::blocking::{Blocks, PairBlocks};
use schemas::code::Refusal;
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembershipInterval};
use schemas::message_requests::{
    AcceptRequest, DeclineRequest, MessageRequest, NoteRequest, RequestChanged, RequestState, RequestedPair,
    SettleRequest,
};
use schemas::operations::AccountRequest;
use schemas::receipts::Receipt;
use schemas::record::Output;
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Conversation, Conversations, Here, blocking, membership};
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};

/// Texts of who asks, until the other accepts.
const MESSAGES: i64 = 1;

/// The request with which a member begins, if they are among the asked.
pub fn begun(context: &Here<'_>, user: &UserId, by: &UserId, asked: &[UserId]) -> Option<MessageRequest> {
    let request = || MessageRequest { state: RequestState::Open, by: by.clone(), at: context.at };
    asked.contains(user).then(request)
}

/// Tells the accounts of the asked that a request to them is open.
pub fn note(context: &Here<'_>, effect: &mut Effect<Conversations>, asked: &[UserId]) {
    for user in asked {
        tell(effect, user, NoteRequest { conversation: context.id.clone() });
    }
}

/// Tells the account of a member that a request to them is over, if one was open.
pub fn settle(context: &Here<'_>, effect: &mut Effect<Conversations>, user: &UserId, member: &Member) {
    if is_open(member) {
        tell(effect, user, SettleRequest { conversation: context.id.clone() });
    }
}

fn tell(effect: &mut Effect<Conversations>, user: &UserId, request: impl Into<AccountRequest>) {
    effect.output(Output::ToAccount { user: user.clone(), request: request.into(), reply: None });
}

fn is_open(member: &Member) -> bool {
    member.request.as_ref().is_some_and(MessageRequest::is_open)
}

/// Refuses a further text of a member of a pair whose request the other has not accepted. Open or declined makes
/// no difference to who asks.
pub fn check_stranger(context: &Here<'_>, sender: &UserId) -> Result<(), Refusal> {
    let awaits =
        context.owner.all::<Member>().any(|(user, member)| user != *sender && member.request.is_some());
    if awaits && context.state().countable >= MESSAGES {
        return Err(Refusal::limit_reached("message_request", "one message until the request is accepted"));
    }
    Ok(())
}

/// Refuses a pair to pin and to vote while the request to one of them is not accepted: either would tell each of what
/// the other does.
pub fn check_accepted(context: &Here<'_>) -> Result<(), Refusal> {
    if context.owner.all::<Member>().any(|(_, member)| member.request.is_some()) {
        let detail = "neither pins nor votes until the request is accepted";
        return Err(Refusal::limit_reached("message_request", detail));
    }
    Ok(())
}

/// What stands between two members: blocks, and requests that either has not accepted.
pub fn between(context: &Here<'_>, user: &UserId, other: &UserId) -> PairBlocks {
    let blocks = |user| context.row::<Blocks>(user).cloned().unwrap_or_default();
    let asked = |user| context.row::<Member>(user).is_some_and(|member| member.request.is_some());
    PairBlocks {
        by_user: blocks(user),
        by_other: blocks(other),
        user_awaits: asked(other),
        other_awaits: asked(user),
    }
}

/// Writes the request of a member, who is asked, and publishes it. Of a pair, both views of what stands between
/// them follow.
pub fn put(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    about: &Opened,
    (user, member): (&UserId, &Member),
    other: Option<&UserId>,
) {
    membership::put(context, effect, user, member);
    let pair = other.map(|other| {
        let before = between(context, user, other);
        let blocks = PairBlocks { other_awaits: member.request.is_some(), ..before };
        blocking::view(effect, user, other, &blocks);
        RequestedPair { other: other.clone(), blocks }
    });
    let changed = RequestChanged {
        about: about.clone(),
        user: user.clone(),
        request: member.request.clone(),
        intervals: member.intervals.clone(),
        pair,
    };
    effect.event(context.id, changed);
}

/// The other one of a pair.
fn other(conversation: &Conversation, about: &Opened, user: &UserId) -> Option<UserId> {
    let is_pair = about.kind == ConversationKind::Direct;
    let mut others = conversation.all::<Member>().map(|(other, _)| other).filter(|other| other != user);
    if is_pair { others.next() } else { None }
}

/// A member accepts the request to them. One who has declined it sees the pair's messages again.
pub fn accept(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    about: &Opened,
    user: &UserId,
    member: &Member,
) {
    let mut accepted = Member { request: None, ..member.clone() };
    if member.present().is_none() {
        membership::begin(&mut accepted.intervals, MembershipInterval::from_opening(context.offset));
    }
    let other = other(context.owner, about, user);
    put(context, effect, about, (user, &accepted), other.as_ref());
    settle(context, effect, user, member);
}

fn needs(user: &UserId) -> Vec<RowKey> {
    vec![RowKey::of::<Member>(user), RowKey::of::<Blocks>(user)]
}

/// The conversation, and the request to a member; NOT_FOUND for anyone else.
fn asked<'a>(context: &Here<'a>, user: &UserId) -> Result<(&'a Opened, &'a Member), Refusal> {
    let about = context.state().opened.as_ref().ok_or_else(Refusal::not_found)?;
    let member = context.row::<Member>(user).ok_or_else(Refusal::not_found)?;
    if member.present().is_none() && member.request.is_none() {
        return Err(Refusal::not_found());
    }
    Ok((about, member))
}

impl Operation<Conversations> for AcceptRequest {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        needs(&self.user)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (about, member) = asked(context, &self.user)?;
        if member.request.is_none() {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        accept(context, &mut effect, about, &self.user, member);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let member = past.owner.get::<Member>(&self.user);
        holds(member.is_some_and(|member| member.present().is_some() && member.request.is_none()))
    }
}

impl Operation<Conversations> for DeclineRequest {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        needs(&self.user).into_iter().chain([RowKey::of::<Receipt>(&self.user)]).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let user = &self.user;
        let (about, member) = asked(context, user)?;
        let request = member
            .request
            .as_ref()
            .ok_or_else(|| Refusal::bad_input("conversationId", "the conversation is no request to you"))?;
        if !request.is_open() {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        match about.kind {
            ConversationKind::Direct => {
                let request = Some(MessageRequest { state: RequestState::Declined, ..request.clone() });
                let declined =
                    Member { request, intervals: membership::ended(member, context), ..member.clone() };
                let other = other(context.owner, about, user);
                put(context, &mut effect, about, (user, &declined), other.as_ref());
            }
            ConversationKind::Group => membership::depart(context, &mut effect, about, user, member),
        }
        settle(context, &mut effect, user, member);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let member = past.owner.get::<Member>(&self.user);
        holds(member.is_none_or(|member| member.present().is_none()))
    }
}
