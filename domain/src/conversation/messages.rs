//! Appending messages, and the members' sight of those that are there.
//!
//! Invariant: every message has the next number, one head, one row and one fact; ordinals count the
//! messages that can be unread.

use schemas::UserId;
use schemas::aspects::Aspect;
use schemas::blocking::{Blocks, PairBlocks};
use schemas::code::Refusal;
use schemas::editing::Edits;
use schemas::membership::{Member, MembershipInterval};
use schemas::message::{Body, Edited, Mentions, Message, Note};
use schemas::people::Profile;
use schemas::rows::{MessageHead, Reactions, RowKey, Tally};
use schemas::sending::MessageCreated;
use schemas::tables::views::{AspectBody, AspectRow, MessageRow};

use super::{Conversations, Here, attaching};
use crate::access::{self, Blocking, Seen, Sight, When};
use crate::effect::Effect;

/// Appends a message: `message` has the core but for its number, its position and its time.
pub fn append(context: &Here<'_>, effect: &mut Effect<Conversations>, message: Message) -> i64 {
    let state = effect.state();
    let (is_countable, sender) = match &message.body {
        Body::Text(_) | Body::Poll(_) => (true, Some(message.sender.user.clone())),
        Body::Note(_) => (false, None),
        Body::Removed(_) => (false, Some(message.sender.user.clone())),
    };
    state.head += 1;
    state.head_at = context.at;
    state.countable += i64::from(is_countable);
    let head = MessageHead {
        sender,
        position: context.offset,
        at: context.at,
        ordinal: state.countable,
        removed_at: None,
        aspects: 0,
    };
    let message = Message { seq: state.head, position: context.offset, sent_at: context.at, ..message };
    let seq = message.seq;
    let row = MessageRow { conversation: context.id.clone(), message: message.clone().stored() };
    attaching::note(effect, seq, attaching::references(message.body.attachments()));
    effect.row(&seq, head).view(row).event(context.id, MessageCreated { message });
    seq
}

/// Appends a system message about the decision. A member who goes with it still receives it.
pub fn append_note(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    actor: &Profile,
    note: Note,
    going: i32,
) {
    let recipients = effect.state().members + going - 1;
    let message = Message {
        seq: 0,
        position: 0,
        sent_at: 0,
        sender: actor.clone(),
        client_id: None,
        reply_to: None,
        mentions: Mentions::default(),
        recipients,
        body: Body::Note(note),
    };
    append(context, effect, message);
}

/// The blocks of a pair, from one side. Only a DIRECT conversation holds any.
pub struct OwnBlocks<'a> {
    other: Option<(&'a UserId, PairBlocks)>,
}

impl Blocking for OwnBlocks<'_> {
    fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
        self.other.as_ref().filter(|(user, _)| *user == other).map(|(_, blocks)| blocks)
    }
}

/// The blocks between `user` and `other` that this conversation holds.
fn blocks_between<'a>(context: &Here<'_>, user: &UserId, other: &'a UserId) -> OwnBlocks<'a> {
    let of = |user: &UserId| context.row::<Blocks>(user).cloned().unwrap_or_default();
    let other = (user != other)
        .then(|| (other, PairBlocks { by_user: of(user), by_other: of(other), ..PairBlocks::default() }));
    OwnBlocks { other }
}

/// Rows that [`visible`] reads.
pub fn sight_of(user: &UserId, seq: i64, author: &UserId) -> [RowKey; 4] {
    let blocks = |user| RowKey::of::<Blocks>(user);
    [RowKey::of::<Member>(user), RowKey::of::<MessageHead>(&seq), blocks(user), blocks(author)]
}

/// The head of a message by `author`, if the user sees it now. NOT_FOUND does not tell the reason.
pub fn visible<'a>(
    context: &Here<'a>,
    user: &UserId,
    seq: i64,
    author: &UserId,
) -> Result<&'a MessageHead, Refusal> {
    let head = context.row::<MessageHead>(&seq).ok_or_else(Refusal::not_found)?;
    let is_authors = head.sender.as_ref().is_none_or(|sender| sender == author);
    let intervals: &[MembershipInterval] =
        context.row::<Member>(user).map_or(&[], |member| &member.intervals);
    let sight = Sight { intervals, when: When::Now, blocks: blocks_between(context, user, author) };
    let seen = Seen { seq, sender: author, sent_at: head.at };
    if is_authors && sight.sees(seen) { Ok(head) } else { Err(Refusal::not_found()) }
}

/// Writes an aspect beside a message, and its bit if the head does not say so.
pub fn write_aspect(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    seq: i64,
    head: &MessageHead,
    body: AspectBody,
    is_there: bool,
) {
    let bit = body.aspect().bit();
    let aspects = if is_there { head.aspects | bit } else { head.aspects & !bit };
    if aspects != head.aspects {
        effect.row(&seq, MessageHead { aspects, ..head.clone() });
    }
    effect.view(AspectRow { conversation: context.id.clone(), seq, at: context.at, body });
}

/// Overwrites the aspects of a message that is removed with tombstones.
pub fn remove_aspects(context: &Here<'_>, effect: &mut Effect<Conversations>, seq: i64, head: &MessageHead) {
    let had = Aspect::ALL.into_iter().filter(|aspect| head.has(*aspect));
    for aspect in had {
        match aspect {
            Aspect::Reactions => {
                effect.row(&seq, Reactions::default());
            }
            Aspect::Poll => {
                effect.row(&seq, Tally::default());
            }
            // Nothing of the owner says what they are.
            Aspect::Previews => {}
            Aspect::Pin => effect.state().pins.retain(|pin| pin.seq != seq),
        }
        let body = AspectBody::gone(aspect);
        effect.view(AspectRow { conversation: context.id.clone(), seq, at: context.at, body });
    }
}

/// The message that a command carries, if its core is the one of the head.
pub fn stored_core(head: &MessageHead, carried: &Message) -> Result<Message, Refusal> {
    let is_same = carried.position == head.position
        && carried.sent_at == head.at
        && head.sender.as_ref() == Some(carried.sender_id());
    if is_same { Ok(carried.clone()) } else { Err(Refusal::not_found()) }
}

/// The message that a command carries with its text as it stands: ingest may have read it before an edit. The
/// message has no other content than a text.
pub fn standing(context: &Here<'_>, head: &MessageHead, carried: &Message) -> Result<Message, Refusal> {
    let carried = stored_core(head, carried)?;
    let edits = context.row::<Edits>(&carried.seq);
    let body = match edits.and_then(|edits| Some((edits.content.clone()?, edits))) {
        Some((content, edits)) => {
            carried.body.with_text(content, Edited { at: edits.at, count: edits.count() })
        }
        None => carried.body,
    };
    Ok(Message { body, ..carried })
}

/// Of the users that ingest found in a text, those who are present; all only if the owner or a moderator says so.
pub fn present_mentions(context: &Here<'_>, sender: &UserId, asked: &Mentions) -> Mentions {
    let is_present = |person: &&Profile| access::viewing(context.row::<Member>(&person.user)).is_ok();
    let sending = context.row::<Member>(sender);
    Mentions {
        people: asked.people.iter().filter(is_present).cloned().collect(),
        all: asked.all && sending.is_some_and(|member| access::manages(member.role)),
    }
}
