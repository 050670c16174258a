//! Blocking: the blocks between a pair, kept in their DIRECT conversation, opened or not.
//!
//! Invariants: the intervals of one blocker do not overlap, and only the last may be open. Nobody is kept from
//! blocking: the limit of changes refuses an end.

use fold::{Decision, Purpose};
use schemas::blocking::{BlockInterval, Blocks, BlocksChanged, PairBlocks, SetBlock};
use schemas::changes::Changes;
use schemas::code::{ErrorCode, Refusal};
use schemas::position::LogTime;
use schemas::rows::RowKey;
use schemas::tables::views::BlocksRow;
use schemas::verdict::Outcome;
use schemas::{ConversationId, UserId};

use super::{Conversation, Conversations, Here, changes, holds};
use crate::operation::{NoEffect, Operation, Past};

/// The most intervals that are kept of one blocker; beyond, the two oldest become one, which hides
/// more rather than less.
const MAX_INTERVALS: usize = 64;

impl Operation<Conversations> for SetBlock {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![
            RowKey::of::<Blocks>(&self.user),
            RowKey::of::<Blocks>(&self.other),
            RowKey::of::<Changes>(&self.user),
        ]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let Self { user, other, blocked } = self;
        if user == other || ConversationId::direct(user, other) != *context.id {
            return Err(Refusal::bad_input("userId", "nobody blocks themselves").into());
        }
        let of = |user: &UserId| context.row::<Blocks>(user).cloned().unwrap_or_default();
        let by_user = of(user);
        if by_user.stands() == *blocked {
            return Err(NoEffect::Nothing);
        }
        let limit = &context.policy.limits.block;
        if !*blocked {
            changes::check(context, user, "block", limit)?;
        }
        let by_user = if *blocked { begun(by_user, context.at) } else { ended(by_user, context.at) };
        let blocks = PairBlocks { by_user, by_other: of(other) };
        let view = |user: &UserId, other: &UserId, blocks| BlocksRow {
            user: user.clone(),
            other: other.clone(),
            blocks,
        };
        let mut effect = context.effect();
        effect
            .row(user, blocks.by_user.clone())
            .row(user, changes::counted(context, user, limit, &[]))
            .view(view(user, other, blocks.clone()))
            .view(view(other, user, blocks.mirrored()))
            .event(context.id, BlocksChanged { user: user.clone(), other: other.clone(), blocks });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let stands = past.owner.get::<Blocks>(&self.user).is_some_and(Blocks::stands);
        holds(stands == self.blocked)
    }
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

/// Refuses a sender in a pair where either has blocked the other. Being blocked is not revealed, least of
/// all to a sender who has blocked the other as well.
pub fn check_sender(conversation: &Conversation, sender: &UserId) -> Result<(), Refusal> {
    let blockers = conversation.all::<Blocks>().filter(|(_, blocks)| blocks.stands());
    let blockers: Vec<UserId> = blockers.map(|(user, _)| user).collect();
    if blockers.contains(sender) {
        Err(Refusal::new(ErrorCode::Blocked, "you have blocked this user"))
    } else if blockers.is_empty() {
        Ok(())
    } else {
        Err(Refusal::new(ErrorCode::RecipientUnavailable, "the recipient cannot be reached"))
    }
}
