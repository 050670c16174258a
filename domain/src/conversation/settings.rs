//! Settings of a group: title, description, image, who posts.
//!
//! Invariant: each setting that changes has a system message; one that holds already changes nothing.

use fold::{Decision, Purpose};
use schemas::Refusal;
use schemas::attaching::AttachedFile;
use schemas::membership::Member;
use schemas::message::{Note, NoteKind};
use schemas::rows::RowKey;
use schemas::settings::{ConversationUpdated, UpdateConversation};
use schemas::verdict::Outcome;

use super::{Conversations, Here, attaching, in_group, membership, messages};
use crate::operation::{NoEffect, Operation, Past, holds};
use crate::{moderation, text};

impl Operation<Conversations> for UpdateConversation {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Member>(&self.actor.user)]
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (opened, acting) = in_group(context, &self.actor.user)?;
        membership::only_managing(acting)?;
        check_settings(self)?;
        for (field, text) in [("title", &self.title), ("description", &self.description)] {
            if let Some(text) = text {
                moderation::check(context, field, text, 0)?;
            }
        }
        let (mut about, mut notes) = (opened.clone(), vec![]);
        if let Some(title) = self.title.as_ref().filter(|title| opened.title.as_ref() != Some(title)) {
            about.title = Some(title.clone());
            notes.push(Note::valued(NoteKind::Renamed, vec![], title));
        }
        let wanted = self.description.as_deref().map(described);
        if let Some(description) = wanted.filter(|wanted| *wanted != opened.description) {
            about.description = description;
            notes.push(Note::valued(NoteKind::SettingsChanged, vec![], "DESCRIPTION"));
        }
        if let Some(only) = self.announcements_only.filter(|only| *only != opened.announcements_only) {
            about.announcements_only = only;
            let value = if only { "ANNOUNCEMENTS_ONLY" } else { "EVERYONE_POSTS" };
            notes.push(Note::valued(NoteKind::SettingsChanged, vec![], value));
        }
        let mut effect = context.effect();
        if let Some(avatar) = self.avatar.as_deref().filter(|avatar| opened.avatar.as_ref() != Some(avatar)) {
            attaching::count(&mut effect, &[avatar.reference()], true);
            let before: Vec<_> = opened.avatar.iter().map(AttachedFile::reference).collect();
            attaching::count(&mut effect, &before, false);
            about.avatar = Some(avatar.clone());
            notes.push(Note::valued(NoteKind::SettingsChanged, vec![], "AVATAR"));
        }
        if notes.is_empty() {
            return Err(NoEffect::Nothing);
        }
        effect.state().opened = Some(about.clone());
        effect.event(context.id, ConversationUpdated { about, by: self.actor.user.clone() });
        for note in notes {
            messages::append_note(context, &mut effect, &self.actor, note, 0);
        }
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let stands = past.owner.state.opened.as_ref().is_some_and(|opened| {
            self.title.as_ref().is_none_or(|title| opened.title.as_ref() == Some(title))
                && self.description.as_deref().is_none_or(|wanted| described(wanted) == opened.description)
                && self.avatar.as_deref().is_none_or(|avatar| opened.avatar.as_ref() == Some(avatar))
                && self.announcements_only.is_none_or(|only| only == opened.announcements_only)
        });
        holds(stands)
    }
}

/// BAD_USER_INPUT for a title or a description that no group may have.
pub fn check_settings(update: &UpdateConversation) -> Result<(), Refusal> {
    if let Some(title) = &update.title {
        text::check("title", title, text::TITLE_CHARACTERS)?;
    }
    if let Some(description) = update.description.as_deref().and_then(described) {
        text::check("description", &description, text::DESCRIPTION_CHARACTERS)?;
    }
    Ok(())
}

fn described(wanted: &str) -> Option<String> {
    (!wanted.is_empty()).then(|| wanted.to_owned())
}
