//! Charging a request: its charge travels with it to the conversation, and its client id is remembered.

use schemas::charging::{Charge, ChargeKind};
use schemas::operations::ConversationRequest;
use schemas::record::Output;
use schemas::verdict::Reply;
use schemas::{ClientId, ConversationId};

use super::{Accounts, idempotency};
use crate::effect::Effect;
use crate::operation::Context;

/// The charge of the command that is decided.
pub fn charge(
    context: &Context<'_, Accounts>,
    client_id: &ClientId,
    kind: ChargeKind,
    conversation: ConversationId,
    price_milli: i64,
) -> Charge {
    Charge { client_id: Some(client_id.clone()), price_milli, ..uncharged(context, kind, conversation) }
}

/// The charge of a command that is counted, costs nothing and has no client id.
pub fn uncharged(context: &Context<'_, Accounts>, kind: ChargeKind, conversation: ConversationId) -> Charge {
    Charge {
        user: context.id.clone(),
        client_id: None,
        kind,
        conversation,
        position: context.offset,
        at: context.at,
        price_milli: 0,
        attachments: vec![],
        template: None,
        flagged: context.flagged.borrow().clone(),
    }
}

/// Passes a request on to its conversation with its charge, and remembers its client id.
pub fn pass_on(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    charge: Charge,
    request_hash: i64,
    request: impl Into<ConversationRequest>,
) {
    if let Some(id) = &charge.client_id {
        effect.row(id, idempotency::remember(&charge, request_hash));
    }
    pass(context, effect, charge, request);
}

/// Passes a request on to its conversation with its charge.
pub fn pass(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    charge: Charge,
    request: impl Into<ConversationRequest>,
) {
    pass_answering(effect, charge, context.envelope.reply, request);
}

/// The same, with the request that its verdict answers.
pub fn pass_answering(
    effect: &mut Effect<Accounts>,
    charge: Charge,
    reply: Option<Reply>,
    request: impl Into<ConversationRequest>,
) {
    effect.output(Output::ToConversation {
        conversation: charge.conversation.clone(),
        request: request.into(),
        reply,
        charge: Some(charge),
    });
}
