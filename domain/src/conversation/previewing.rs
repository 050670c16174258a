//! Previews of links, which the link-preview processor finds for the text of a message.
//!
//! Invariants: previews are of the text that the message has, and come once for each text; an edit, a deletion and a
//! moderator's hiding take them away.

use fold::{Decision, Purpose};
use schemas::aspects::Aspect;
use schemas::code::Refusal;
use schemas::editing::Edits;
use schemas::operations::AttachPreviews;
use schemas::previewing::{MAX_LINK_BYTES, MAX_PREVIEWS, PreviewAttached, Previews};
use schemas::rows::{MessageHead, RowKey};
use schemas::tables::views::AspectBody;
use schemas::verdict::Outcome;

use super::{Conversations, Here, messages};
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};

fn has_previews(head: &MessageHead) -> bool {
    head.has(Aspect::Previews)
}

impl Operation<Conversations> for AttachPreviews {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let seq = &self.message.seq;
        match purpose {
            Purpose::Repeat => vec![RowKey::of::<MessageHead>(seq)],
            Purpose::Decide => vec![RowKey::of::<MessageHead>(seq), RowKey::of::<Edits>(seq)],
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let seq = self.message.seq;
        let head = context.row::<MessageHead>(&seq).ok_or_else(Refusal::not_found)?;
        let message = messages::stored_core(head, &self.message)?;
        if message.body.text_edits().is_none() {
            return Err(Refusal::bad_input("messageId", "only texts have links").into());
        }
        let is_bounded = self.previews.len() <= MAX_PREVIEWS
            && self.previews.iter().all(|preview| preview.url.len() <= MAX_LINK_BYTES);
        if !is_bounded {
            return Err(Refusal::bad_input("previews", "more than a message has").into());
        }
        let edits = context.row::<Edits>(&seq).map_or(0, Edits::count);
        let is_of_this_text = message.body.text_edits() == Some(edits);
        if head.removed_at.is_some() || !is_of_this_text || has_previews(head) || self.previews.is_empty() {
            return Err(NoEffect::Nothing);
        }
        let previews = Previews { edits, all: self.previews.clone() };
        let mut effect = context.effect();
        let aspect = AspectBody::Previews(previews.clone());
        messages::write_aspect(context, &mut effect, seq, head, aspect, true);
        effect.event(context.id, PreviewAttached { message: message.stored(), previews });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        holds(past.owner.get::<MessageHead>(&self.message.seq).is_some_and(has_previews))
    }
}

/// Takes the previews of a text away that the message has no more.
pub fn forget(context: &Here<'_>, effect: &mut Effect<Conversations>, seq: i64, head: &MessageHead) {
    if has_previews(head) {
        let gone = AspectBody::Previews(Previews::default());
        messages::write_aspect(context, effect, seq, head, gone, false);
    }
}
