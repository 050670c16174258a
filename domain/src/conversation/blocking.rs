//! Blocking: the blocks between a pair, kept in their DIRECT conversation, opened or not.
//!
//! Invariants: the intervals of one blocker do not overlap, and only the last may be open. Nobody is kept from
//! blocking: the limit of changes refuses an end.

use fold::{Decision, Purpose};
use schemas::UserId;
use schemas::blocking::{BlockInterval, Blocks, BlocksChanged, NoteBlock, PairBlocks, SetBlock};
use schemas::changes::Changes;
use schemas::code::Refusal;
use schemas::creating::ConversationKind;
use schemas::membership::Member;
use schemas::position::LogTime;
use schemas::record::Output;
use schemas::rows::RowKey;
use schemas::tables::views::BlocksRow;
use schemas::verdict::Outcome;

use super::{Conversation, Conversations, Here, changes, message_requests};
use crate::access;
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};

/// The most intervals that are kept of one blocker; beyond, the two oldest become one, which hides
/// more rather than less.
const MAX_INTERVALS: usize = 64;

impl Operation<Conversations> for SetBlock {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let users = [&self.user, &self.other].into_iter();
        let rows = users.flat_map(|user| [RowKey::of::<Blocks>(user), RowKey::of::<Member>(user)]);
        rows.chain([RowKey::of::<Changes>(&self.user)]).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Self { user, other, blocked } = self;
        if user == other || !is_of_pair(context, user, other) {
            return Err(Refusal::bad_input("userId", "nobody blocks themselves").into());
        }
        let between = message_requests::between(context, user, other);
        let by_user = between.by_user.clone();
        if by_user.stands() == *blocked {
            return Err(NoEffect::Nothing);
        }
        let limit = &context.policy.limits.block;
        if !*blocked {
            changes::check(context, user, "block", limit)?;
        }
        let by_user = if *blocked { begun(by_user, context.at) } else { ended(by_user, context.at) };
        let blocks = PairBlocks { by_user, ..between };
        let mut effect = context.effect();
        effect.row(user, blocks.by_user.clone()).row(user, changes::counted(context, user, limit, &[]));
        view(&mut effect, user, other, &blocks);
        effect.event(context.id, BlocksChanged { user: user.clone(), other: other.clone(), blocks });
        let request = NoteBlock { other: other.clone(), blocked: *blocked }.into();
        effect.output(Output::ToAccount { user: user.clone(), request, reply: None });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let stands = past.owner.get::<Blocks>(&self.user).is_some_and(Blocks::stands);
        holds(stands == self.blocked)
    }
}

/// What stands between two users, as each of them sees it.
pub fn view(effect: &mut Effect<Conversations>, user: &UserId, other: &UserId, blocks: &PairBlocks) {
    for (user, other, blocks) in [(user, other, blocks.clone()), (other, user, blocks.mirrored())] {
        effect.view(BlocksRow { user: user.clone(), other: other.clone(), blocks });
    }
}

/// Whether the conversation may be that of these two. Ingest derives its id from them; once it is opened its
/// members say so.
fn is_of_pair(context: &Here<'_>, user: &UserId, other: &UserId) -> bool {
    let is_member = |user| context.row::<Member>(user).is_some();
    let opened = context.state().opened.as_ref();
    opened.is_none_or(|opened| opened.kind == ConversationKind::Direct && is_member(user) && is_member(other))
}

/// Log time may go back by a little; an interval never does.
fn begun(mut blocks: Blocks, at: LogTime) -> Blocks {
    let last = blocks.intervals.last().and_then(|last| last.to);
    blocks.intervals.push(BlockInterval { from: at.max(last.unwrap_or(at)), to: None });
    if blocks.intervals.len() > MAX_INTERVALS {
        let oldest = blocks.intervals.remove(0);
        blocks.intervals[0].from = oldest.from;
    }
    blocks
}

fn ended(mut blocks: Blocks, at: LogTime) -> Blocks {
    if let Some(last) = blocks.intervals.last_mut() {
        last.to = Some(at.max(last.from));
    }
    blocks
}

/// Refuses a user of a pair who opens its conversation, or sends to it, where either has blocked the other.
pub fn check_sender(conversation: &Conversation, sender: &UserId) -> Result<(), Refusal> {
    let standing = conversation.all::<Blocks>().filter(|(_, blocks)| blocks.stands());
    let (own, others): (Vec<UserId>, _) = standing.map(|(user, _)| user).partition(|user| user == sender);
    access::reachable(!own.is_empty(), !others.is_empty())
}
