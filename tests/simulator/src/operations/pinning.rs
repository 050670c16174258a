//! Pins: of any message, by members and others, more than a conversation may have.

use schemas::ConversationId;
use schemas::operations::{PinMessage, UnpinMessage};
use schemas::pinning::Pin;
use schemas::tables::views::AspectBody;

use super::Simulated;
use crate::check::Rest;
use crate::clients::{Clients, profile};
use crate::world::State;

/// Pins that a conversation may have in these runs.
const MOST: usize = 2;

impl Simulated for PinMessage {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (actor, conversation) = (clients.user(state), clients.conversation(state));
        let Some(message) = clients.message(state, &conversation) else { return };
        clients.direct(state, &conversation, Self { actor: profile(&actor), message: Box::new(message) });
    }

    /// The state lists the pins of the events, and each message has its own.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let told: Vec<Pin> =
                story.history.pins.iter().map(|(seq, pin)| Pin { seq: *seq, at: pin.at }).collect();
            let listed = story.stored.state.as_ref().map_or(&[][..], |state| &state.pins);
            if listed != told || listed.len() > MOST {
                return Err(format!("{}: {listed:?} are listed as pinned, not {told:?}", story.id));
            }
            for (seq, pin) in &story.history.pins {
                let aspects = rest.aspects(&story.id, *seq)?;
                let is_said = |body: &AspectBody| match body {
                    AspectBody::Pin(aspect) => aspect.pin.as_ref() == Some(pin),
                    AspectBody::Reactions(_) => false,
                };
                if !aspects.iter().any(is_said) {
                    return Err(format!("{}: {seq} has {aspects:?}, not {pin:?}", story.id));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for UnpinMessage {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (actor, conversation) = (clients.user(state), clients.conversation(state));
        let Some(message) = clients.message(state, &conversation) else { return };
        clients.direct(state, &conversation, Self { actor: profile(&actor), message: Box::new(message) });
    }

    /// No message but a listed one has a pin.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for seq in story.history.messages.iter().map(|written| written.message.seq) {
                let is_pinned = rest.aspects(&story.id, seq)?.iter().any(|body| match body {
                    AspectBody::Pin(aspect) => aspect.pin.is_some(),
                    AspectBody::Reactions(_) => false,
                });
                if is_pinned && !story.history.pins.iter().any(|(pinned, _)| *pinned == seq) {
                    return Err(of(&story.id, seq));
                }
            }
        }
        Ok(())
    }
}

fn of(id: &ConversationId, seq: i64) -> String {
    format!("{id}: {seq} has a pin that no event tells")
}
