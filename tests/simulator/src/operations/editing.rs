//! Edits: by senders and others, now and then to the same text.

use schemas::ConversationId;
use schemas::editing::{EditMessage, Edits};
use schemas::message::{Content, Mentions};

use super::Simulated;
use crate::check::{self, Rest};
use crate::clients::Clients;
use crate::tables::QUORUMS;
use crate::world::State;

impl Simulated for EditMessage {
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
        clients.direct(state, &conversation, edit);
    }

    /// Of each message, row and events agree on the text and on how often it changed.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in &story.history.messages {
                let (seq, body) = (written.message.seq, &written.message.body);
                let edits = story.stored.get::<Edits>(&seq);
                let told = body.edited().map(|edited| (edited.count, body.content()));
                if edits.map(|edits| (edits.count, Some(&edits.content))) != told {
                    return Err(format!(
                        "{}: message {seq} has {edits:?}, and its events {told:?}",
                        story.id
                    ));
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
