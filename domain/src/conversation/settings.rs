//! Settings of a group: its title.
//!
//! Invariant: a change has a system message; a setting that holds already changes nothing.

use fold::{Decision, Purpose};
use schemas::creating::Opened;
use schemas::membership::Member;
use schemas::message::Note;
use schemas::rows::RowKey;
use schemas::settings::{ConversationUpdated, UpdateConversation};
use schemas::verdict::Outcome;

use super::{Conversations, Here, in_group, membership, messages};
use crate::operation::{NoEffect, Operation, Past, holds};
use crate::text;

impl Operation<Conversations> for UpdateConversation {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Member>(&self.actor.user)]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (opened, acting) = in_group(context, &self.actor.user)?;
        membership::only_owner(acting)?;
        let title = self.title.as_ref().ok_or(NoEffect::Nothing)?;
        text::check("title", title, text::TITLE_CHARACTERS)?;
        if opened.title.as_ref() == Some(title) {
            return Err(NoEffect::Nothing);
        }
        let about = Opened { title: Some(title.clone()), ..opened.clone() };
        let mut effect = context.effect();
        effect.state().opened = Some(about.clone());
        effect.event(context.id, ConversationUpdated { about, by: self.actor.user.clone() });
        messages::append_note(context, &mut effect, &self.actor, Note::renamed(title), 0);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let opened = past.owner.state.opened.as_ref();
        let title = opened.and_then(|opened| opened.title.as_ref());
        holds(self.title.is_none() || title == self.title.as_ref())
    }
}
