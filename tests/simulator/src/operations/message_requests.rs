//! Message requests: accepted and declined, often by users who are not asked.

use std::collections::BTreeSet;

use schemas::ConversationId;
use schemas::membership::Member;
use schemas::message_requests::{MessageRequest, OpenRequests};
use schemas::operations::{AcceptRequest, DeclineRequest, NoteRequest, SettleRequest};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

impl Simulated for AcceptRequest {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        clients.direct(state, &conversation, AcceptRequest { user });
    }

    /// Rows of members hold the requests that events tell, as the model of members says.
    fn holds(_: &Rest<'_>) -> Result<(), String> {
        Ok(())
    }
}

impl Simulated for DeclineRequest {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        clients.direct(state, &conversation, DeclineRequest { user });
    }

    /// Who has declined is not present.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for story in rest.stories() {
            for (user, member) in story.stored.all::<Member>() {
                let is_declined = member.request.as_ref().is_some_and(|request| !request.is_open());
                if is_declined && member.present().is_some() {
                    return Err(format!("{user} has declined {}, and is present", story.id));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for NoteRequest {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// An account lists the conversations in which a request to its user is open.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let is_open = |member: &Member| member.request.as_ref().is_some_and(MessageRequest::is_open);
            let open = rest.stories().filter(|story| story.stored.get::<Member>(user).is_some_and(is_open));
            let wanted: BTreeSet<&ConversationId> = open.map(|story| &story.id).collect();
            let stored = account.stored.get::<OpenRequests>(&()).cloned().unwrap_or_default().conversations;
            let found: BTreeSet<&ConversationId> = stored.iter().collect();
            if found != wanted || found.len() != stored.len() {
                return Err(format!("open requests to {user}: {stored:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for SettleRequest {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        NoteRequest::holds(rest)
    }
}
