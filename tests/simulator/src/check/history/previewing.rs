//! Previews as the events tell them.

use schemas::previewing::PreviewAttached;

use super::History;

impl History {
    pub(super) fn previewed(&mut self, attached: PreviewAttached) -> Result<(), String> {
        let PreviewAttached { message, previews } = attached;
        let written = self.messages.iter().find(|written| written.message.seq == message.seq);
        let is_there =
            written.is_some_and(|written| written.is_there() && written.message.clone().stored() == message);
        if !is_there || message.body.text_edits() != Some(previews.edits) {
            return Err(format!("{previews:?} of {message:?}, of which {written:?} stands"));
        }
        match self.previews.insert(message.seq, previews) {
            Some(before) => Err(format!("{} had {before:?}", message.seq)),
            None => Ok(()),
        }
    }
}
