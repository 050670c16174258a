//! Previews: of any message, of texts that were edited or removed since, some of them twice.

use schemas::aspects::Aspect;
use schemas::operations::AttachPreviews;
use schemas::previewing::{LinkPreview, Previews};
use schemas::tables::views::AspectBody;

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::Clients;
use crate::world::State;

fn preview(title: String) -> LinkPreview {
    LinkPreview {
        url: "https://a.example/".to_owned(),
        title: Some(title),
        description: None,
        site_name: None,
        image: None,
        favicon: None,
    }
}

impl Simulated for AttachPreviews {
    const WEIGHT: u32 = 12;

    fn ask(clients: &mut Clients, state: &mut State) {
        let conversation = clients.conversation(state);
        let Some(message) = clients.message(state, &conversation) else { return };
        let previews = vec![preview(clients.text(state))];
        clients.direct(state, &conversation, Self { message: Box::new(message), previews });
    }

    /// Each message has the previews that the events tell, of the text that it has, and no other message has any.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.stories()
            .try_for_each(|story| agrees(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

fn agrees(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    for written in &story.history.messages {
        let seq = written.message.seq;
        let told = story.history.previews.get(&seq);
        let stored = rest.aspects(&story.id, seq)?.into_iter().find_map(|body| match body {
            AspectBody::Previews(previews) => Some(previews).filter(|all| *all != Previews::default()),
            AspectBody::Reactions(_) | AspectBody::Pin(_) | AspectBody::Poll(_) => None,
        });
        if stored.as_ref() != told {
            return Err(format!("{seq} has {stored:?}, not {told:?}"));
        }
        let edits = written.message.body.text_edits();
        if told.is_some_and(|told| !written.is_there() || Some(told.edits) != edits) {
            return Err(format!("{seq} has the previews of another text: {told:?}"));
        }
        let has_bit = story.history.aspects(seq) & Aspect::Previews.bit() != 0;
        if has_bit != told.is_some() {
            return Err(format!("{seq} has {told:?}, and its bits say {has_bit}"));
        }
    }
    Ok(())
}
