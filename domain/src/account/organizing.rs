//! Organizing: how the user keeps their conversations.
//!
//! Invariants: a conversation that has returned from the archive is not archived again by a mute; the
//! counts of labels are those of the rows.

use fold::{Decision, Purpose};
use schemas::code::Refusal;
use schemas::organizing::{
    Archived, ConversationOrganized, Draft, DraftSaved, LabelUse, Labels, OrganizeConversation, Organized,
    SaveDraft,
};
use schemas::position::LogTime;
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};
use crate::text;

/// Labels of one conversation.
const LABELS_PER_CONVERSATION: usize = 20;
/// Different labels of one account.
const LABELS: usize = 100;
/// Unicode scalar values of a label.
const LABEL_CHARACTERS: i32 = 50;

impl Operation<Accounts> for OrganizeConversation {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let mut keys = vec![RowKey::of::<Organized>(&self.conversation)];
        if self.labels.is_some() {
            keys.push(RowKey::of::<Labels>(&()));
        }
        keys
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = context.row::<Organized>(&self.conversation).cloned().unwrap_or_default();
        let after = apply(self, &before, context.at);
        if after == before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        if after.labels != before.labels {
            check_labels(&after.labels)?;
            let labels = context.row::<Labels>(&()).cloned().unwrap_or_default();
            effect.row(&(), recount(labels, &before.labels, &after.labels)?);
        }
        effect.row(&self.conversation, after.clone());
        let conversation = self.conversation.clone();
        effect.account_event(context.id, ConversationOrganized { conversation, organized: after });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Organized>(&self.conversation).cloned().unwrap_or_default();
        holds(
            self.archived.is_none_or(|archived| archived == stands.archived.is_some())
                && self.starred.is_none_or(|starred| starred == stands.starred)
                && self.muted_until.is_none_or(|until| until == stands.muted_until)
                && self.level.is_none_or(|level| level == stands.level)
                && self.labels.as_ref().is_none_or(|labels| *labels == stands.labels),
        )
    }
}

/// The row as it is after a request.
fn apply(asked: &OrganizeConversation, before: &Organized, at: LogTime) -> Organized {
    let mut after = before.clone();
    after.archived = before.archived.filter(|_| before.archived_at(asked.head, at).is_some());
    match asked.archived {
        Some(true) => after.archived = after.archived.or(Some(Archived { at, head: asked.head })),
        Some(false) => after.archived = None,
        None => {}
    }
    if let Some(until) = asked.muted_until {
        after.muted_until = until;
        // What came while it was muted does not bring it back.
        after.archived = after.archived.map(|kept| Archived { head: kept.head.max(asked.head), ..kept });
    }
    after.starred = asked.starred.unwrap_or(after.starred);
    after.level = asked.level.unwrap_or(after.level);
    if let Some(labels) = &asked.labels {
        after.labels.clone_from(labels);
    }
    after
}

/// Refuses labels that no conversation may have together.
pub fn check_labels(labels: &[String]) -> Result<(), Refusal> {
    if labels.len() > LABELS_PER_CONVERSATION {
        return Err(too_many("labels_per_conversation"));
    }
    for (nth, label) in labels.iter().enumerate() {
        text::check("labels", label, LABEL_CHARACTERS)?;
        if labels[..nth].contains(label) {
            return Err(Refusal::bad_input("labels", "a label stands twice"));
        }
    }
    Ok(())
}

fn recount(labels: Labels, before: &[String], after: &[String]) -> Result<Labels, Refusal> {
    let mut used = labels.used;
    let mut count = |label: &String, by: i32| match used.binary_search_by(|one| one.label.cmp(label)) {
        Ok(place) => used[place].conversations += by,
        Err(place) => used.insert(place, LabelUse { label: label.clone(), conversations: by }),
    };
    before.iter().for_each(|label| count(label, -1));
    after.iter().for_each(|label| count(label, 1));
    used.retain(|one| one.conversations > 0);
    if used.len() > LABELS { Err(too_many("labels")) } else { Ok(Labels { used }) }
}

fn too_many(limit: &str) -> Refusal {
    Refusal::limit_reached(limit, "too many labels")
}

impl Operation<Accounts> for SaveDraft {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![RowKey::of::<Draft>(&self.conversation)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        text::check_length("content", &self.content, context.policy.limits.message_characters)?;
        let before = context.row::<Draft>(&self.conversation);
        if before.map_or("", |draft| &draft.content) == self.content {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        let (conversation, content) = (self.conversation.clone(), self.content.clone());
        effect.row(&conversation, Draft { content: content.clone() });
        effect.account_event(context.id, DraftSaved { conversation, content });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let stands = past.owner.get::<Draft>(&self.conversation);
        holds(stands.map_or("", |draft| &draft.content) == self.content)
    }
}
