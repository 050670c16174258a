//! Deleting a message: its content goes, a tombstone stays. A hidden one is hidden no more.

use fold::{Decision, Purpose};
use schemas::code::{ErrorCode, Refusal};
use schemas::deleting::{DeleteMessage, MessageDeleted};
use schemas::editing::{Edits, Replaced};
use schemas::membership::Member;
use schemas::position::LogTime;
use schemas::reporting::Hidden;
use schemas::rows::{Carried, MessageHead, RowKey};
use schemas::states::ConversationState;
use schemas::tables::views::MessageRow;
use schemas::verdict::Outcome;

use super::{Conversations, Here, attaching, messages, reporting};
use crate::access;
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};

impl Operation<Conversations> for DeleteMessage {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let sight = messages::sight_of(&self.actor, self.message.seq, self.message.sender_id());
        let seq = &self.message.seq;
        let own = [RowKey::of::<Edits>(seq), RowKey::of::<Carried>(seq), RowKey::of::<Hidden>(seq)];
        sight.into_iter().chain(own).collect()
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (actor, seq) = (&self.actor, self.message.seq);
        let head = messages::visible(context, actor, seq, self.message.sender_id())?;
        let manages = context.row::<Member>(actor).is_some_and(|member| access::manages(member.role));
        match &head.sender {
            Some(sender) if sender == actor || manages => {}
            _ => {
                return Err(Refusal::new(
                    ErrorCode::Forbidden,
                    "only the sender, the owner and moderators may do this",
                )
                .into());
            }
        }
        let is_hidden = reporting::kept(context, seq).is_some();
        if head.removed_at.is_some() && !is_hidden {
            return Err(NoEffect::Nothing);
        }
        let message = messages::stored_core(head, &self.message)?.removed(context.at);
        let mut effect = context.effect();
        if is_hidden {
            effect.row(&seq, Hidden::OVER);
        } else {
            note_removal(effect.state(), seq);
        }
        attaching::release(context, &mut effect, seq);
        if let Some(edits) = context.row::<Edits>(&seq) {
            erase_texts(&mut effect, seq, edits, context.at);
        }
        messages::remove_aspects(context, &mut effect, seq, head);
        effect
            .row(&seq, MessageHead { removed_at: Some(context.at), aspects: 0, ..head.clone() })
            .view(MessageRow { conversation: context.id.clone(), message: message.clone() })
            .event(context.id, MessageDeleted { message, by: actor.clone() });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let head = past.owner.get::<MessageHead>(&self.message.seq);
        let hidden = past.owner.get::<Hidden>(&self.message.seq);
        let is_hidden = hidden.is_some_and(|hidden| hidden.message.is_some());
        holds(head.is_some_and(|head| head.removed_at.is_some()) && !is_hidden)
    }
}

/// Erases the texts of an edited message, which stand beside it.
fn erase_texts(effect: &mut Effect<Conversations>, seq: i64, edits: &Edits, at: LogTime) {
    for version in 0..i64::from(edits.count()) {
        effect.row(&(seq, version), Replaced { content: None, at });
    }
    effect.row(&seq, Edits { content: None, ..edits.clone() });
}

/// Unread counts leave the message out. Only the newest removals are kept.
pub fn note_removal(state: &mut ConversationState, seq: i64) {
    let place = state.removed.partition_point(|other| *other < seq);
    state.removed.insert(place, seq);
    if state.removed.len() > ConversationState::MAX_REMOVED {
        state.removed_dropped = state.removed.remove(0).max(state.removed_dropped);
    }
}
