//! Idempotency: what an account remembers of requests with a client id.
//!
//! Invariant: of all requests under one id that are let pass within a day, one is charged; the
//! others follow it on its way as look-ups that name its charge.

use schemas::account::ChargeKind;
use schemas::code::{ErrorCode, Refusal};
use schemas::conversation::{ConversationRequest, LookUp};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::owner::RowKey;
use schemas::position::{LogTime, Offset};
use schemas::rows::ClientRequest;
use schemas::verdict::Outcome;
use schemas::{ClientId, ConversationId};

use super::{Account, AccountRow, Context, accepted, refused_before};
use crate::account::Accounts;
use crate::fault::{self, Fault};

/// How long an id stands for its first request.
const VALID_MS: i64 = 24 * 60 * 60 * 1_000;

/// What the account remembers under an id, if the charge stands.
fn live<'a>(account: &'a Account, id: &ClientId) -> Option<&'a ClientRequest> {
    match account.row(&RowKey::client_request(id)) {
        Some(AccountRow::ClientRequest(request)) if request.live => Some(request),
        _ => None,
    }
}

/// What was charged by a clock that ran ahead is valid for longer: an id must never be charged twice.
fn is_valid(request: &ClientRequest, at: LogTime) -> bool {
    at < request.at + VALID_MS
}

/// A repeat of a request that is remembered follows the first; another content is a conflict.
pub fn follow_first(
    context: &Context<'_>,
    id: &ClientId,
    said: i64,
) -> Result<Option<Decision<Accounts>>, Refusal> {
    let Some(first) = live(context.account, id).filter(|first| is_valid(first, context.at)) else {
        return Ok(None);
    };
    if first.said != said {
        return Err(Refusal::new(ErrorCode::IdempotencyConflict, "this id was used for something else"));
    }
    let look_up = LookUp {
        user: context.user.clone(),
        client_id: id.clone(),
        kind: first.kind,
        charge: first.position,
    };
    let mut decision = Decision::verdict(context.account, accepted(true));
    decision.outputs.push(Output::ToConversation {
        conversation: first.conversation.clone(),
        body: ConversationRequest::LookUp(look_up),
        reply: context.reply,
        charge: None,
    });
    Ok(Some(decision))
}

/// The row that remembers a request charged now.
pub fn remember(
    context: &Context<'_>,
    id: &ClientId,
    said: i64,
    kind: ChargeKind,
    conversation: &ConversationId,
) -> (RowKey, AccountRow) {
    let request = ClientRequest {
        position: context.offset,
        said,
        at: context.at,
        kind,
        conversation: conversation.clone(),
        live: true,
    };
    (RowKey::client_request(id), AccountRow::ClientRequest(request))
}

/// The row that forgets the request charged at `charge`, if it is the one remembered.
pub fn forget(account: &Account, id: &ClientId, charge: Offset) -> Option<(RowKey, AccountRow)> {
    if fault::is(Fault::RefusedRemembered) {
        return None;
    }
    let first = live(account, id).filter(|first| first.position == charge)?;
    let forgotten = ClientRequest { live: false, ..first.clone() };
    Some((RowKey::client_request(id), AccountRow::ClientRequest(forgotten)))
}

/// The verdict on a request that was decided before, from the row that stands now.
///
/// Only the live row's own command was charged. A later one that says the same was told of it.
pub fn repeated(account: &Account, id: &ClientId, said: i64, offset: Offset) -> Outcome {
    match live(account, id) {
        Some(_) if fault::is(Fault::ChargedByRow) => accepted(false),
        Some(first) if first.position == offset => accepted(false),
        Some(first) if first.position < offset && first.said == said => accepted(true),
        _ => refused_before(),
    }
}
