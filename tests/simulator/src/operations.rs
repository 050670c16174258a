//! The operations of both machines: how clients ask for them, and what holds of them at rest.
//!
//! Invariant: the operations are those that `schemas` declares; one without a generator and a naive
//! model here does not compile.

mod attaching;
mod blocking;
mod charging;
mod creating;
mod credits;
mod deleting;
mod editing;
mod forwarding;
mod membership;
mod message_requests;
mod notifications;
mod organizing;
mod pinning;
mod polling;
mod preferences;
mod previewing;
mod privacy;
mod push;
mod reacting;
mod receipts;
mod reporting;
mod scheduling;
mod sending;
mod settings;
mod stickers;
mod suspending;
mod templating;
mod uploading;
mod voice;

use rand::Rng;
use schemas::operations::*;
use schemas::{ConversationId, ConversationRequest, account_operations, conversation_operations};

use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

/// A request, as the simulator asks for it and checks it.
pub trait Simulated {
    /// Share of the clients' requests; 0 for what only a machine asks for.
    const WEIGHT: u32;

    /// A client asks for it.
    fn ask(clients: &mut Clients, state: &mut State);

    /// What holds of it at rest: rows, views, events and answers against a naive model.
    fn holds(rest: &Rest<'_>) -> Result<(), String>;

    /// What holds when a client is answered that this request has had its effect, and for ever after.
    fn is_done(&self, _: &State, _: &ConversationId) -> Result<(), String> {
        Ok(())
    }
}

/// An operation as declared, with its generator and its model.
struct Operation {
    name: &'static str,
    weight: u32,
    ask: fn(&mut Clients, &mut State),
    holds: fn(&Rest<'_>) -> Result<(), String>,
}

macro_rules! simulated {
    ($($id:literal $request:ident since $since:literal,)*) => {
        &[$(Operation {
            name: stringify!($request),
            weight: <$request as Simulated>::WEIGHT,
            ask: <$request as Simulated>::ask,
            holds: <$request as Simulated>::holds,
        },)*]
    };
}

const OF_ACCOUNTS: &[Operation] = account_operations! { simulated };
const OF_CONVERSATIONS: &[Operation] = conversation_operations! { simulated };

fn all() -> impl Iterator<Item = &'static Operation> + Clone {
    OF_ACCOUNTS.iter().chain(OF_CONVERSATIONS)
}

/// A client asks for something.
pub fn ask(clients: &mut Clients, state: &mut State) {
    let total = all().map(|operation| operation.weight).sum();
    let mut drawn = state.random.random_range(0..total);
    for operation in all() {
        match drawn.checked_sub(operation.weight) {
            Some(left) => drawn = left,
            None => return (operation.ask)(clients, state),
        }
    }
}

/// What holds of every operation at rest.
pub fn hold(rest: &Rest<'_>) -> Result<(), String> {
    all().try_for_each(|operation| {
        (operation.holds)(rest).map_err(|wrong| format!("{}: {wrong}", operation.name))
    })
}

macro_rules! done {
    ($asked:expr, |$request:ident| $call:expr; $($id:literal $name:ident since $since:literal,)*) => {
        match $asked {
            $(ConversationRequest::$name($request) => $call,)*
        }
    };
}

/// What holds when a client is answered that a request to a conversation has had its effect.
pub fn is_done(state: &State, id: &ConversationId, request: &ConversationRequest) -> Result<(), String> {
    conversation_operations! { done request, |asked| asked.is_done(state, id); }
}
