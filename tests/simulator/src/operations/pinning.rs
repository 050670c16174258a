//! Pins: of any message, by members and others, more than a conversation may have.

use schemas::ConversationId;
use schemas::message::Message;
use schemas::operations::{PinMessage, UnpinMessage};
use schemas::people::Profile;
use schemas::pinning::Pin;
use schemas::tables::views::AspectBody;

use super::Simulated;
use crate::check::Rest;
use crate::clients::{Clients, profile};
use crate::world::State;

/// Pins that a conversation may have in these runs.
const MOST: usize = 2;

/// A user, and a message that the user may see or not.
fn drawn(clients: &Clients, state: &mut State) -> Option<(ConversationId, Profile, Box<Message>)> {
    let (actor, conversation) = (clients.user(state), clients.conversation(state));
    let message = clients.message(state, &conversation)?;
    Some((conversation, profile(&actor), Box::new(message)))
}

impl Simulated for PinMessage {
    const WEIGHT: u32 = 6;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((conversation, actor, message)) = drawn(clients, state) else { return };
        clients.direct(state, &conversation, Self { actor, message });
    }

    /// The state lists the pins of the events; each of their messages has its own, and no other message has one.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let told: Vec<Pin> =
                story.history.pins.iter().map(|(seq, pin)| Pin { seq: *seq, at: pin.at }).collect();
            let listed = story.stored.state.as_ref().map_or(&[][..], |state| &state.pins);
            if listed != told || listed.len() > MOST {
                return Err(format!("{}: {listed:?} are listed as pinned, not {told:?}", story.id));
            }
            for seq in story.history.messages.iter().map(|written| written.message.seq) {
                let told = story.history.pins.iter().find(|(pinned, _)| *pinned == seq).map(|(_, pin)| pin);
                let stored = rest.aspects(&story.id, seq)?.into_iter().find_map(|body| match body {
                    AspectBody::Pin(aspect) => aspect.pin,
                    AspectBody::Reactions(_) | AspectBody::Poll(_) | AspectBody::Previews(_) => None,
                });
                if stored.as_ref() != told {
                    return Err(format!("{}: {seq} has {stored:?}, not {told:?}", story.id));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for UnpinMessage {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((conversation, actor, message)) = drawn(clients, state) else { return };
        clients.direct(state, &conversation, Self { actor, message });
    }

    /// What holds of pins holds after one was taken away.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        PinMessage::holds(rest)
    }
}
