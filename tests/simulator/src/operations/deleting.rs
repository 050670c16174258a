//! Deletions: by senders, owners and others; now and then of a message that never was.

use schemas::ConversationId;
use schemas::operations::DeleteMessage;
use schemas::rows::MessageHead;

use super::Simulated;
use crate::check::{self, Rest};
use crate::clients::Clients;
use crate::tables::QUORUMS;
use crate::world::State;

impl Simulated for DeleteMessage {
    const WEIGHT: u32 = 8;

    fn ask(clients: &mut Clients, state: &mut State) {
        let conversation = clients.conversation(state);
        let Some(mut message) = clients.message(state, &conversation) else { return };
        let actor = if state.chance(0.6) { message.sender.user.clone() } else { clients.user(state) };
        if state.chance(0.1) {
            message.position += 1;
        }
        let at = message.sent_at;
        let delete = DeleteMessage { actor, message: Box::new(message.removed(at)) };
        clients.direct(state, &conversation, delete);
    }

    /// The state lists what the events have removed or hidden, in order of their numbers.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let told = story.history.messages.iter().filter(|written| !written.is_there());
            let told: Vec<i64> = told.map(|written| written.message.seq).collect();
            let listed = story.stored.state.as_ref().map_or(&[][..], |state| &state.removed);
            if listed != told {
                return Err(format!("{}: {listed:?} are listed as removed, not {told:?}", story.id));
            }
        }
        Ok(())
    }

    /// A deletion lasts.
    fn is_done(&self, state: &State, id: &ConversationId) -> Result<(), String> {
        for quorum in QUORUMS {
            let stored = check::conversation(state, id, quorum)?;
            let head = stored.get::<MessageHead>(&self.message.seq);
            if head.is_none_or(|head| head.removed_at.is_none()) {
                return Err(format!("its head is {head:?}"));
            }
            let view = check::message(state, id, self.message.seq, quorum)?;
            if view.body.removed_at().is_none() {
                return Err(format!("its content is {view:?}"));
            }
        }
        Ok(())
    }
}
