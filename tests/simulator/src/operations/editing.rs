//! Edits: by senders and others, now and then to the same text.

use std::collections::BTreeSet;

use schemas::charging::ChargeKind;
use schemas::editing::{EditMessage, Edits, Replaced, SubmitEdit};
use schemas::limits::Usage;
use schemas::message::{Content, Mentions};
use schemas::position::Offset;
use schemas::{AccountRequest, ConversationId};

use super::Simulated;
use crate::check::{self, Rest, Story, Written};
use crate::clients::Clients;
use crate::tables::QUORUMS;
use crate::world::State;

/// An account counts it.
impl Simulated for SubmitEdit {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let conversation = clients.conversation(state);
        let Some(message) = clients.message(state, &conversation) else { return };
        let actor = if state.chance(0.8) { message.sender.user.clone() } else { clients.user(state) };
        let text = if state.chance(0.2) { "the same".to_owned() } else { clients.text(state) };
        let edit = EditMessage {
            actor,
            message: Box::new(message),
            content: Content::plain(text),
            mentions: Mentions::default(),
        };
        let submit = SubmitEdit { conversation: conversation.clone(), edit: edit.clone() };
        let user = edit.actor.clone();
        clients.counted(state, &user, submit, (&conversation, edit.into()));
    }

    /// A charge that came back counts no more, and paid for no edit that stands.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let refunded: BTreeSet<Offset> = rest.asked(user).iter().filter_map(refunded_edit).collect();
            let usage = account.stored.get::<Usage>(&"edit".to_owned());
            let counted = usage.into_iter().flat_map(|usage| usage.uses.iter().map(|one| one.position));
            let own = |(story, written): (&Story, &Written)| {
                let edits = story.stored.get::<Edits>(&written.message.seq);
                let own = edits.filter(|_| written.message.sender.user == *user);
                own.map_or_else(Vec::new, |edits| edits.charges.clone())
            };
            let messages =
                rest.stories().flat_map(|story| story.history.messages.iter().map(move |one| (story, one)));
            if let Some(wrong) = counted.chain(messages.flat_map(own)).find(|at| refunded.contains(at)) {
                return Err(format!("the edit of {user} at {wrong} came back, and stands"));
            }
        }
        Ok(())
    }
}

fn refunded_edit(request: &AccountRequest) -> Option<Offset> {
    match request {
        AccountRequest::Refund(refund) if refund.charge.kind == ChargeKind::Edit => {
            Some(refund.charge.position)
        }
        _ => None,
    }
}

impl Simulated for EditMessage {
    const WEIGHT: u32 = 1;

    /// Without a charge, which its account alone can give.
    fn ask(clients: &mut Clients, state: &mut State) {
        let conversation = clients.conversation(state);
        let Some(message) = clients.message(state, &conversation) else { return };
        let actor = message.sender.user.clone();
        let content = Content::plain("uncounted");
        let edit = Self { actor, message: Box::new(message), content, mentions: Mentions::default() };
        clients.direct(state, &conversation, edit);
    }

    /// Of each message, row and events agree on the text and on how often it changed.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in &story.history.messages {
                let (seq, body) = (written.message.seq, &written.message.body);
                let edits = story.stored.get::<Edits>(&seq);
                let told = body.edited().map(|edited| (edited.count, body.content()));
                // The texts of a deleted message are erased.
                let erased = written.removed_at.is_some();
                let told = told.map(|(count, content)| (count, content.filter(|_| !erased)));
                if edits.map(|edits| (edits.count(), edits.content.as_ref())) != told {
                    return Err(format!(
                        "{}: message {seq} has {edits:?}, and its events {told:?}",
                        story.id
                    ));
                }
                let versions = story.stored.all::<Replaced>().filter(|((of, _), _)| *of == seq);
                let (kept, gone): (Vec<_>, Vec<_>) = versions.partition(|(_, text)| text.content.is_some());
                let count = edits.map_or(0, |edits| edits.charges.len());
                if (kept.len(), gone.len()) != (if erased { (0, count) } else { (count, 0) }) {
                    return Err(format!("{}: {kept:?} are kept of message {seq}, {gone:?} not", story.id));
                }
            }
        }
        Ok(())
    }

    /// An edit stands until the next one, or until the message is deleted.
    fn is_done(&self, state: &State, id: &ConversationId) -> Result<(), String> {
        for quorum in QUORUMS {
            let stored = check::conversation(state, id, quorum)?;
            if stored.get::<Edits>(&self.message.seq).is_none() {
                return Err("it has no row".to_owned());
            }
        }
        Ok(())
    }
}
