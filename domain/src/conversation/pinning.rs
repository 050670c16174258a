//! Pinning messages: by who manages a group, by both of a pair.
//!
//! Invariants: a conversation has at most as many pins as the policy allows; each is of a message that is there, and
//! has one system message.

use fold::{Decision, Purpose};
use schemas::code::{ErrorCode, Refusal};
use schemas::editing::Edits;
use schemas::membership::Member;
use schemas::message::{Message, Note, NoteKind};
use schemas::operations::{PinMessage, UnpinMessage};
use schemas::people::Profile;
use schemas::pinning::{MessagePinned, MessageUnpinned, Pin, PinAspect, Pinned};
use schemas::rows::{MessageHead, RowKey};
use schemas::tables::views::AspectBody;
use schemas::verdict::Outcome;
use schemas::{MessageId, UserId};

use super::{Conversation, Conversations, Here, blocking, is_direct, membership, message_requests, messages};
use crate::operation::{NoEffect, Operation, Past, holds};

fn needs(actor: &Profile, message: &Message, purpose: Purpose) -> Vec<RowKey> {
    match purpose {
        // The state lists the pins.
        Purpose::Repeat => vec![],
        Purpose::Decide => {
            let sight = messages::sight_of(&actor.user, message.seq, message.sender_id()).into_iter();
            sight.chain([RowKey::of::<Edits>(&message.seq)]).collect()
        }
    }
}

/// A message that the actor sees and may pin, as it stands.
fn pinnable<'a>(
    context: &Here<'a>,
    actor: &UserId,
    message: &Message,
) -> Result<(&'a MessageHead, Message), Refusal> {
    let head = messages::visible(context, actor, message.seq, message.sender_id())?;
    if head.removed_at.is_some() {
        return Err(Refusal::not_found());
    }
    if head.sender.is_none() {
        return Err(Refusal::bad_input("messageId", "system messages are not pinned"));
    }
    if !is_direct(context) {
        let member = context.row::<Member>(actor).ok_or_else(Refusal::not_found)?;
        membership::only_managing(member)?;
    }
    Ok((head, messages::standing(context, head, message)?))
}

fn is_pinned(conversation: &Conversation, seq: i64) -> bool {
    conversation.state.pins.iter().any(|pin| pin.seq == seq)
}

impl Operation<Conversations> for PinMessage {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        needs(&self.actor, &self.message, purpose)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (actor, seq) = (&self.actor, self.message.seq);
        let (head, message) = pinnable(context, &actor.user, &self.message)?;
        if is_direct(context) {
            blocking::check_sender(context.owner, &actor.user)?;
            message_requests::check_accepted(context)?;
        }
        if is_pinned(context.owner, seq) {
            return Err(NoEffect::Nothing);
        }
        let most = context.policy.limits.pins_per_conversation;
        if i32::try_from(context.state().pins.len()).is_ok_and(|count| count >= most) {
            return Err(Refusal::new(ErrorCode::PinLimitReached, "the conversation has too many pins").into());
        }
        let pin = Pinned { at: context.at, by: actor.user.clone() };
        let mut effect = context.effect();
        effect.state().pins.push(Pin { seq, at: context.at });
        let aspect = AspectBody::Pin(PinAspect { pin: Some(pin.clone()) });
        messages::write_aspect(context, &mut effect, seq, head, aspect, true);
        effect.event(context.id, MessagePinned { message: message.clone().stored(), pin });
        let id = MessageId { conversation: context.id.clone(), seq }.to_string();
        let note = Note::valued(NoteKind::Pinned, vec![], &id);
        messages::append_note(context, &mut effect, actor, note, 0);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        holds(is_pinned(past.owner, self.message.seq))
    }
}

impl Operation<Conversations> for UnpinMessage {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        needs(&self.actor, &self.message, purpose)
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let (actor, seq) = (&self.actor.user, self.message.seq);
        let (head, message) = pinnable(context, actor, &self.message)?;
        if !is_pinned(context.owner, seq) {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.state().pins.retain(|pin| pin.seq != seq);
        let gone = AspectBody::Pin(PinAspect::default());
        messages::write_aspect(context, &mut effect, seq, head, gone, false);
        effect.event(context.id, MessageUnpinned { message: message.stored(), by: actor.clone() });
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        holds(!is_pinned(past.owner, self.message.seq))
    }
}
