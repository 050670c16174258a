//! The conversation fold: what happened, in which order.
//!
//! Invariants: messages are numbered 1, 2, 3 … without gap; only members post; what a charge paid
//! for is stored, or the charge is refunded.

mod attaching;
mod auditing;
mod blocking;
mod changes;
mod creating;
mod deleting;
mod editing;
mod membership;
mod message_requests;
mod messages;
mod pinning;
mod polling;
mod previewing;
mod reacting;
mod receipts;
mod reporting;
mod sending;
mod settings;

use fold::{Command, Decision, Fold, InForce, Owner, Purpose};
use schemas::avro::DecodeError;
use schemas::code::{ErrorCode, Refusal};
use schemas::control::Limits;
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::Member;
use schemas::operations::ConversationRequest;
use schemas::position::{LogTime, Offset};
use schemas::record::Output;
use schemas::rows::{ConversationRow, Once, RowKey, Variant};
use schemas::states::ConversationState;
use schemas::tables::{self, Table};
use schemas::topics::{self, Topic};
use schemas::verdict::{Decider, Outcome};
use schemas::{ConversationId, UserId, conversation_operations};

pub use settings::check_settings;

use crate::access;
use crate::features;
use crate::operation::{Context, NoEffect, Operation, Past, dispatch};

/// Deterministic state machine of conversations; owned by conversation.
pub enum Conversations {}

type Conversation = Owner<Conversations>;
type Here<'a> = Context<'a, Conversations>;

impl Fold for Conversations {
    type Id = ConversationId;
    type Request = ConversationRequest;
    type State = ConversationState;
    type Row = ConversationRow;

    const NAME: &'static str = "conversations";
    const DECIDER: Decider = Decider::Conversations;
    const SOURCE: &'static str = "/musclemap/conversations";
    const LOADED_ROWS: Option<usize> = None;

    fn commands() -> &'static Topic {
        &topics::CONVERSATION_COMMANDS
    }

    fn table() -> &'static Table {
        &tables::CONVERSATIONS
    }

    fn decode(value: &[u8], rules: i32) -> Result<ConversationRequest, DecodeError> {
        ConversationRequest::decode(value, rules)
    }

    fn fresh() -> ConversationState {
        ConversationState {
            applied: -1,
            at: 0,
            opened: None,
            head: 0,
            head_at: 0,
            members: 0,
            countable: 0,
            removed: vec![],
            removed_dropped: 0,
            pins: vec![],
        }
    }

    fn stamp(state: &ConversationState) -> (Offset, LogTime) {
        (state.applied, state.at)
    }

    fn set_stamp(state: &mut ConversationState, applied: Offset, at: LogTime) {
        (state.applied, state.at) = (applied, at);
    }

    fn needs(request: &ConversationRequest, purpose: Purpose) -> Vec<RowKey> {
        conversation_operations! { dispatch ConversationRequest, request, |asked| asked.needs(purpose); }
    }

    fn once(key: &str, at: LogTime) -> (RowKey, ConversationRow) {
        (RowKey::of::<Once>(&key.to_owned()), Once { at }.into_row())
    }

    fn decide(
        in_force: &InForce<'_>,
        id: &ConversationId,
        owner: &Conversation,
        command: &Command<ConversationRequest>,
    ) -> Decision<Self> {
        let Command { envelope, request, .. } = command;
        let context = Context::new(in_force, id, owner, command);
        let decide = || conversation_operations! { dispatch ConversationRequest, request, |asked| asked.decide(&context); };
        let allowed = features::of_conversation(request).map_or(Ok(()), |(flag, user)| {
            features::check(in_force.policy, flag, user, envelope.tier.as_ref())
        });
        let decided = allowed
            .map_err(NoEffect::from)
            .and_then(|()| decide())
            .unwrap_or_else(|none| without_effect(&context, none));
        Decision { hits: context.hits.take(), ..decided }
    }

    fn repeat(
        _: &ConversationId,
        owner: &Conversation,
        command: &Command<ConversationRequest>,
    ) -> Option<Outcome> {
        let charge = command.envelope.charge.as_ref().map(|charge| charge.position);
        let past = Past { owner, offset: command.offset, charge };
        conversation_operations! {
            dispatch ConversationRequest, &command.request, |asked| asked.repeat(&past);
        }
    }
}

/// A charge is refunded by its account, which answers; a command without one is answered here.
fn without_effect(context: &Here<'_>, none: NoEffect) -> Decision<Conversations> {
    let refusal = match none {
        NoEffect::Refused(refusal) => Some(refusal),
        NoEffect::Nothing => None,
    };
    let mut decision = Decision::none(context.owner);
    match &context.envelope.charge {
        Some(charge) => {
            decision.outputs.push(Output::refund(charge.clone(), refusal, context.envelope.reply));
        }
        None => decision.verdict = Some(refusal.map_or(Outcome::nothing_to_do(), Outcome::refused)),
    }
    decision
}

/// The refusal of a request that its account should have counted.
fn uncharged() -> Refusal {
    Refusal::unavailable("the request reaches a conversation through its account")
}

/// GROUP_FULL for more members than a group may have.
pub fn check_room(members: i32, limits: &Limits) -> Result<(), Refusal> {
    if members > limits.group_members {
        return Err(Refusal::new(ErrorCode::GroupFull, "the group has no room for that many"));
    }
    Ok(())
}

fn is_direct(context: &Here<'_>) -> bool {
    context.state().opened.as_ref().is_some_and(|opened| opened.kind == ConversationKind::Direct)
}

/// A group and the membership of the actor. The rules of groups are not those of pairs.
fn in_group<'a>(context: &Here<'a>, actor: &UserId) -> Result<(&'a Opened, &'a Member), Refusal> {
    let member = context.row::<Member>(actor).ok_or_else(Refusal::not_found)?;
    access::viewing(Some(member))?;
    match &context.state().opened {
        Some(opened) if opened.kind == ConversationKind::Group => Ok((opened, member)),
        _ => Err(Refusal::bad_input("conversationId", "only a group's members change")),
    }
}
