//! Voice messages: of the few files of each user, some are recordings.

use schemas::attaching::FileRole;
use schemas::operations::SendVoice;

use super::{Simulated, uploading};
use crate::check::Rest;
use crate::clients::{Clients, client_id, profile};
use crate::world::State;

impl Simulated for SendVoice {
    const WEIGHT: u32 = 4;

    /// Refused unless the file is a recording that is ready.
    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let attachment = uploading::attachment(state, &user);
        let recipients = clients.recipients(&conversation);
        let (client_id, sender) = (client_id(state), profile(&user));
        let reply_to = clients.message(state, &conversation).filter(|_| state.chance(0.3));
        let reply_to = reply_to.map(|message| Box::new(message.stub()));
        clients.own(state, &user, Self { conversation, client_id, attachment, reply_to, recipients, sender });
    }

    /// A recording is the whole message, of its sender's own unless it is a copy, and was heard.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for written in &story.history.messages {
                let body = &written.message.body;
                let spoken = body.attachments().iter().any(|file| file.role == FileRole::Voice);
                let is_whole = body.attachments().len() == 1 && body.edited().is_none();
                let is_silent = body.content().is_none_or(|content| content.text.is_empty());
                let mut files = body.attachments().iter();
                let is_own = files.all(|file| {
                    let is_own = file.uploader == *written.message.sender_id() || body.forwarded().is_some();
                    is_own && file.file.sound.is_some()
                });
                if spoken && !(is_whole && is_silent && is_own) {
                    return Err(format!("{}: {:?} is no voice message", story.id, written.message));
                }
            }
        }
        Ok(())
    }
}
