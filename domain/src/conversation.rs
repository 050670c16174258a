//! The conversation fold: what happened, in which order.
//!
//! Invariants: messages are numbered 1, 2, 3 … without gap; only members post; what a charge paid
//! for is stored, or the charge goes back.

mod block;
mod delete;
mod members;
mod open;
mod post;
mod read;
mod rows;

use schemas::account::Charge;
use schemas::avro::{self, DecodeError};
use schemas::code::Refusal;
use schemas::conversation::{ConversationCommand, ConversationKind, ConversationRequest};
use schemas::fold::{Command, Decision, Fold, InForce, Owner, Purpose};
use schemas::message::Output;
use schemas::owner::{self, RowKey};
use schemas::position::{LogTime, Offset};
use schemas::rows::{ConversationState, Member, Once, Opened};
use schemas::tables::{self, Table};
use schemas::topics::{self, Topic};
use schemas::verdict::{Decider, Done, Outcome};
use schemas::{ConversationId, UserId};

pub use rows::ConversationRow;

use crate::access;

/// Deterministic state machine of conversations; owned by conversation.
pub enum Conversations {}

type Conversation = Owner<Conversations>;

/// What a fold of one request works with.
struct Context<'a> {
    id: &'a ConversationId,
    conversation: &'a Conversation,
    in_force: &'a InForce<'a>,
    offset: Offset,
    at: LogTime,
    charge: Option<&'a Charge>,
}

/// A request has no effect: it was refused, or (without a refusal) there was nothing to do.
struct NoEffect(Option<Refusal>);

impl From<Refusal> for NoEffect {
    fn from(refusal: Refusal) -> Self {
        Self(Some(refusal))
    }
}

impl Fold for Conversations {
    type Id = ConversationId;
    type Request = ConversationRequest;
    type State = ConversationState;
    type Row = ConversationRow;

    const NAME: &'static str = "conversations";
    const DECIDER: Decider = Decider::Conversations;
    const LAST_RESIDENT_KIND: i32 = owner::BLOCKS;
    const NEVER_NEEDED: &[i32] = &[];

    fn commands() -> &'static Topic {
        &topics::CONVERSATION_COMMANDS
    }

    fn table() -> &'static Table {
        &tables::CONVERSATIONS
    }

    fn decode(value: &[u8]) -> Result<ConversationRequest, DecodeError> {
        avro::decode::<ConversationCommand>(value).map(|command| command.body)
    }

    fn fresh() -> ConversationState {
        ConversationState { applied: -1, at: 0, opened: None, head: 0, head_at: 0, members: 0 }
    }

    fn stamp(state: &ConversationState) -> (Offset, LogTime) {
        (state.applied, state.at)
    }

    fn set_stamp(state: &mut ConversationState, applied: Offset, at: LogTime) {
        (state.applied, state.at) = (applied, at);
    }

    /// A new send reads no row of its own id: its account has said that it is the first.
    fn needs(request: &ConversationRequest, purpose: Purpose) -> Vec<RowKey> {
        match (request, purpose) {
            (ConversationRequest::PostMessage(post), Purpose::Decide) => post::needs(post),
            (ConversationRequest::PostMessage(post), Purpose::Repeat) => {
                vec![RowKey::sent(&post.sender.user, &post.client_id)]
            }
            (ConversationRequest::LookUp(look_up), _) => {
                vec![RowKey::sent(&look_up.user, &look_up.client_id)]
            }
            (ConversationRequest::OpenConversation(_), _) => vec![],
            (ConversationRequest::MarkRead(read), _) => {
                vec![RowKey::member(&read.user), RowKey::receipt(&read.user)]
            }
            (ConversationRequest::AddMembers(add), _) => members::named(&add.actor, &add.people),
            (ConversationRequest::RemoveMember(remove), _) => {
                members::named(&remove.actor, std::slice::from_ref(&remove.person))
            }
            (ConversationRequest::DeleteMessage(delete), _) => delete::needs(delete),
            (ConversationRequest::SetBlock(block), _) => {
                vec![RowKey::blocks(&block.user), RowKey::blocks(&block.other)]
            }
        }
    }

    fn once(key: &str, at: LogTime) -> (RowKey, ConversationRow) {
        (RowKey::once(key), ConversationRow::Once(Once { at }))
    }

    fn decide(
        in_force: &InForce<'_>,
        id: &ConversationId,
        conversation: &Conversation,
        command: &Command<ConversationRequest>,
    ) -> Decision<Self> {
        let charge = command.envelope.charge.as_ref();
        let context = Context { id, conversation, in_force, offset: command.offset, at: command.at, charge };
        let decided = match &command.request {
            ConversationRequest::PostMessage(post) => post::decide(&context, post),
            ConversationRequest::OpenConversation(open) => open::decide(&context, open),
            ConversationRequest::LookUp(look_up) => Ok(post::look_up(&context, look_up)),
            ConversationRequest::MarkRead(read) => read::decide(&context, read),
            ConversationRequest::AddMembers(add) => members::add(&context, add),
            ConversationRequest::RemoveMember(remove) => members::remove(&context, remove),
            ConversationRequest::DeleteMessage(delete) => delete::decide(&context, delete),
            ConversationRequest::SetBlock(block) => block::decide(&context, block),
        };
        decided.unwrap_or_else(|none| without_effect(conversation, command, none))
    }

    fn repeat(
        _: &ConversationId,
        conversation: &Conversation,
        command: &Command<ConversationRequest>,
    ) -> Option<Outcome> {
        let charge = command.envelope.charge.as_ref().map(|charge| charge.position);
        match &command.request {
            ConversationRequest::PostMessage(post) => {
                post::stored(conversation, &post.sender.user, &post.client_id, charge?)
            }
            ConversationRequest::OpenConversation(open) => {
                open::opened_by(conversation, &open.creator, charge?)
            }
            ConversationRequest::LookUp(look_up) => Some(post::found(conversation, look_up)),
            ConversationRequest::MarkRead(read) => Some(read::repeat(conversation, read)),
            ConversationRequest::AddMembers(add) => Some(holds(members::all_present(conversation, add))),
            ConversationRequest::RemoveMember(remove) => Some(holds(members::is_gone(conversation, remove))),
            ConversationRequest::DeleteMessage(delete) => {
                Some(holds(delete::is_deleted(conversation, delete.message.seq)))
            }
            ConversationRequest::SetBlock(block) => Some(holds(block::stands(conversation, block))),
        }
    }
}

/// What was charged for goes back to the account, which answers; what was not is answered here.
fn without_effect(
    conversation: &Conversation,
    command: &Command<ConversationRequest>,
    NoEffect(refusal): NoEffect,
) -> Decision<Conversations> {
    let mut decision = Decision {
        state: ConversationState::clone(&conversation.state),
        rows: vec![],
        views: vec![],
        outputs: vec![],
        verdict: None,
    };
    match &command.envelope.charge {
        Some(charge) => {
            decision.outputs.push(Output::give_back(charge.clone(), refusal, command.envelope.reply));
        }
        None => {
            let nothing_to_do = Outcome::Done(Done { changed: false });
            decision.verdict = Some(refusal.map_or(nothing_to_do, Outcome::refused));
        }
    }
    decision
}

/// The verdict on a direct command decided before: done if what it asked for holds now. If not it
/// was refused, or undone since; asking again does no harm.
fn holds(now: bool) -> Outcome {
    if now {
        Outcome::Done(Done { changed: true })
    } else {
        Outcome::refused(Refusal::unavailable("decided before an interruption"))
    }
}

/// A group and the stay of who acts on it; the rules of groups are not those of pairs.
fn in_group<'a>(context: &Context<'a>, actor: &UserId) -> Result<(&'a Opened, &'a Member), Refusal> {
    let member = member(context.conversation, actor).ok_or_else(Refusal::not_found)?;
    access::viewing(Some(member))?;
    match &context.conversation.state.opened {
        Some(opened) if opened.kind == ConversationKind::Group => Ok((opened, member)),
        _ => Err(Refusal::bad_input("conversationId", "only a group's members change")),
    }
}

fn member<'a>(conversation: &'a Conversation, user: &UserId) -> Option<&'a Member> {
    match conversation.row(&RowKey::member(user)) {
        Some(ConversationRow::Member(member)) => Some(member),
        _ => None,
    }
}
