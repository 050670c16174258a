//! Blocking: what stands between a pair, kept in their DIRECT conversation, be it opened or not.
//!
//! Invariant: the intervals of one blocker do not overlap, and only the last may be open.

use schemas::code::{ErrorCode, Refusal};
use schemas::conversation::{BlocksChanged, ConversationFact, SetBlock};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::{self, RowKey};
use schemas::position::LogTime;
use schemas::rows::{Blocks, ConversationState, Interval, PairBlocks};
use schemas::tables::views::{BlocksRow, View};
use schemas::verdict::{Done, Outcome};
use schemas::{ConversationId, UserId};

use super::{Context, Conversation, ConversationRow, Conversations, NoEffect};

/// The most intervals that are kept of one blocker; beyond, the two oldest become one, which hides
/// more rather than less.
const MAX_INTERVALS: usize = 64;

pub fn decide(context: &Context<'_>, block: &SetBlock) -> Result<Decision<Conversations>, NoEffect> {
    let SetBlock { user, other, blocked } = block;
    if user == other || ConversationId::direct(user, other) != *context.id {
        return Err(Refusal::bad_input("userId", "nobody blocks themselves").into());
    }
    let (mine, theirs) = (blocks(context.conversation, user), blocks(context.conversation, other));
    if mine.stands() == *blocked {
        return Err(NoEffect(None));
    }
    let mine = if *blocked { begun(mine, context.at) } else { ended(mine, context.at) };
    let view = |user: &UserId, other: &UserId, by_user: &Blocks, by_other: &Blocks| {
        let blocks = PairBlocks { by_user: by_user.clone(), by_other: by_other.clone() };
        View::Blocks(BlocksRow { user: user.clone(), other: other.clone(), blocks })
    };
    let changed = BlocksChanged {
        user: user.clone(),
        other: other.clone(),
        by_user: mine.intervals.clone(),
        by_other: theirs.intervals.clone(),
    };
    Ok(Decision {
        state: ConversationState::clone(&context.conversation.state),
        views: vec![view(user, other, &mine, &theirs), view(other, user, &theirs, &mine)],
        rows: vec![(RowKey::blocks(user), ConversationRow::Blocks(mine))],
        outputs: vec![Output::Event {
            conversation: context.id.clone(),
            at: context.at,
            body: ConversationFact::BlocksChanged(changed),
        }],
        verdict: Some(Outcome::Done(Done { changed: true })),
    })
}

/// Log time may go back by a little; an interval never does.
fn begun(mut blocks: Blocks, at: LogTime) -> Blocks {
    let last = blocks.intervals.last().and_then(|last| last.to);
    blocks.intervals.push(Interval { from: at.max(last.unwrap_or(at)), to: None });
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

fn blocks(conversation: &Conversation, user: &UserId) -> Blocks {
    match conversation.row(&RowKey::blocks(user)) {
        Some(ConversationRow::Blocks(blocks)) => blocks.clone(),
        _ => Blocks::default(),
    }
}

/// Whether what a command asked for stands.
pub fn stands(conversation: &Conversation, block: &SetBlock) -> bool {
    blocks(conversation, &block.user).stands() == block.blocked
}

/// Refuses who sends into a pair where either has blocked the other. Being blocked is not told.
pub fn check_sender(conversation: &Conversation, sender: &UserId) -> Result<(), Refusal> {
    for (key, row) in conversation.of_kind(owner::BLOCKS) {
        let ConversationRow::Blocks(blocks) = row else { continue };
        if blocks.stands() {
            return Err(if *key == RowKey::blocks(sender) {
                Refusal::new(ErrorCode::Blocked, "you have blocked this user")
            } else {
                Refusal::new(ErrorCode::RecipientUnavailable, "the recipient cannot be reached")
            });
        }
    }
    Ok(())
}
