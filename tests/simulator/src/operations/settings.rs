//! Settings: by owners and others, now and then the same again.

use schemas::settings::UpdateConversation;

use super::{Simulated, attaching};
use crate::check::Rest;
use crate::clients::{Clients, profile};
use crate::world::State;

impl Simulated for UpdateConversation {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (conversation, actor) = (clients.conversation(state), clients.user(state));
        let text = if state.chance(0.3) { "the same".to_owned() } else { clients.text(state) };
        let mut update = UpdateConversation {
            actor: profile(&actor),
            title: None,
            description: None,
            announcements_only: None,
            avatar: None,
        };
        if state.chance(0.2) {
            update.avatar = attaching::ready(state, &actor).map(Box::new);
        } else if state.chance(0.5) {
            update.title = Some(text);
        } else if state.chance(0.7) {
            update.description = Some(text);
        } else {
            // Mostly everyone posts.
            update.announcements_only = Some(state.chance(0.3));
        }
        clients.direct(state, &conversation, update);
    }

    /// A conversation is what its events say.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            let stored = story.stored.state.as_ref().and_then(|state| state.opened.as_ref());
            if stored != story.history.opened.as_ref() {
                return Err(format!("{}: {stored:?}, not {:?}", story.id, story.history.opened));
            }
        }
        Ok(())
    }
}
