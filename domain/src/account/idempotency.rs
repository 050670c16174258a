//! Idempotency: what an account remembers of requests with a client id.
//!
//! Invariant: of all requests under one id that are accepted within a day, one is charged; the others
//! follow it on its path as look-ups that name its charge.

use fold::Decision;
use schemas::ClientId;
use schemas::charging::{Charge, ClientRequest, LookUp};
use schemas::code::{ErrorCode, Refusal};
use schemas::position::{LogTime, Offset};
use schemas::record::Output;
use schemas::verdict::{Outcome, Reply};

use super::{Account, Accounts, accepted, refused_before};
use crate::fault::{self, Fault};
use crate::operation::{Context, Past};

/// How long an id stands for its first request.
const VALID_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the account remembers under an id, if the charge stands.
fn live<'a>(account: &'a Account, id: &ClientId) -> Option<&'a ClientRequest> {
    account.get::<ClientRequest>(id).filter(|request| request.live)
}

/// A charge by a clock that ran ahead is valid for longer: an id must never be charged twice.
fn is_valid(request: &ClientRequest, at: LogTime) -> bool {
    at < request.at.saturating_add(VALID_MS)
}

/// A repeat of a remembered request follows the first; another content is a conflict.
pub fn follow_first(
    context: &Context<'_, Accounts>,
    id: &ClientId,
    request_hash: i64,
) -> Result<Option<Decision<Accounts>>, Refusal> {
    let Some(first) = first(context, id, request_hash)? else { return Ok(None) };
    let mut effect = context.effect();
    effect.output(look_up(context, id, first, context.envelope.reply));
    Ok(Some(effect.answered(accepted(true))))
}

/// The first request under an id that stands; another content is a conflict.
pub fn first<'a>(
    context: &Context<'a, Accounts>,
    id: &ClientId,
    request_hash: i64,
) -> Result<Option<&'a ClientRequest>, Refusal> {
    let first = live(context.owner, id).filter(|first| is_valid(first, context.at));
    if first.is_some_and(|first| first.request_hash != request_hash) {
        return Err(Refusal::new(ErrorCode::IdempotencyConflict, "this id was used for another request"));
    }
    Ok(first)
}

/// Asks for the outcome of the first request.
pub fn look_up(
    context: &Context<'_, Accounts>,
    id: &ClientId,
    first: &ClientRequest,
    reply: Option<Reply>,
) -> Output {
    let ClientRequest { kind, position, conversation, .. } = first;
    let (user, client_id) = (context.id.clone(), id.clone());
    let look_up = LookUp { user, client_id, kind: *kind, charge: *position };
    Output::ToConversation {
        conversation: conversation.clone(),
        request: look_up.into(),
        reply,
        charge: None,
    }
}

/// The row that remembers the request of a charge.
pub fn remember(charge: &Charge, request_hash: i64) -> ClientRequest {
    ClientRequest {
        position: charge.position,
        request_hash,
        at: charge.at,
        kind: charge.kind,
        conversation: charge.conversation.clone(),
        live: true,
    }
}

/// The row that forgets the request charged at `charge`, if it is the one remembered.
pub fn forget(account: &Account, id: &ClientId, charge: Offset) -> Option<ClientRequest> {
    if fault::is(Fault::RefusedRemembered) {
        return None;
    }
    let first = live(account, id).filter(|first| first.position == charge)?;
    Some(ClientRequest { live: false, ..first.clone() })
}

/// The verdict on a request that was decided before, from the row that stands now.
///
/// Only the live row's own command was charged. A later one with the same content repeated it.
pub fn repeated(past: &Past<'_, Accounts>, id: &ClientId, request_hash: i64) -> Outcome {
    match live(past.owner, id) {
        Some(_) if fault::is(Fault::ChargedByRow) => accepted(false),
        Some(first) if first.position == past.offset => accepted(false),
        Some(first) if first.position < past.offset && first.request_hash == request_hash => accepted(true),
        _ => refused_before(),
    }
}
