//! Forwarding: the copies of a message are charged and passed on, all of them or none.
//!
//! Invariants: each copy and each comment counts as a send and has a charge and a client id of its own; the entry
//! of the ledger is the sum of the charges; a copy that its conversation refuses is refunded alone.

use fold::{Decision, Purpose};
use schemas::charging::{Charge, ChargeKind, ClientRequest};
use schemas::code::Refusal;
use schemas::credits::LedgerKind;
use schemas::forwarding::ForwardCopy;
use schemas::message::{Content, Mentions};
use schemas::moderation::Flagged;
use schemas::operations::{ForwardMessage, PostMessage};
use schemas::rows::RowKey;
use schemas::states::TextMark;
use schemas::verdict::{Done, Outcome, Reply};
use schemas::{AttachmentId, ClientId, ConversationId};

use super::credits::{self, Reason};
use super::{Accounts, attaching, charging, idempotency, refused_before, sending, suspending};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{moderation, privacy, text, window};

/// A message that a forward makes.
#[derive(Clone, Copy)]
enum Part<'a> {
    Copy(&'a ForwardCopy, &'a Content),
    /// It follows its copy.
    Comment(&'a ForwardCopy, &'a Content),
}

fn parts(forward: &ForwardMessage) -> impl Iterator<Item = Part<'_>> {
    forward.copies.iter().flat_map(move |copy| {
        let comment = forward.comment.iter().map(move |text| Part::Comment(copy, text));
        std::iter::once(Part::Copy(copy, &forward.content)).chain(comment)
    })
}

impl<'a> Part<'a> {
    fn id(self) -> &'a ClientId {
        match self {
            Self::Copy(copy, _) => &copy.client_id,
            Self::Comment(copy, _) => &copy.comment_id,
        }
    }

    fn copy(self) -> &'a ForwardCopy {
        match self {
            Self::Copy(copy, _) | Self::Comment(copy, _) => copy,
        }
    }

    /// The request that the part's verdict answers; a comment has none.
    fn reply(self, context: &Context<'_, Accounts>) -> Option<Reply> {
        match self {
            Self::Copy(copy, _) => {
                context.envelope.reply.map(|reply| Reply { request: copy.request, ..reply })
            }
            Self::Comment(..) => None,
        }
    }

    fn post(self, forward: &ForwardMessage, shows_reads: bool) -> PostMessage {
        let post = |content: &Content| PostMessage {
            client_id: self.id().clone(),
            sender: (*forward.sender).clone(),
            content: content.clone(),
            reply_to: None,
            mentions: Mentions::default(),
            attachments: vec![],
            sticker: None,
            gif: None,
            forwarded: None,
            shows_reads,
        };
        match self {
            Self::Copy(_, content) => PostMessage {
                attachments: forward.attachments.clone(),
                sticker: forward.sticker.clone(),
                gif: forward.gif.clone(),
                forwarded: Some(forward.from.clone()),
                ..post(content)
            },
            Self::Comment(copy, content) => PostMessage { mentions: copy.mentions.clone(), ..post(content) },
        }
    }
}

impl Operation<Accounts> for ForwardMessage {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        parts(self).map(|part| RowKey::of::<ClientRequest>(part.id())).collect()
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let hash = request_hash(self);
        check_copies(self, context.policy.limits.forward_conversations)?;
        let (mut effect, mut new) = (context.effect(), vec![]);
        for part in parts(self) {
            match idempotency::first(context, part.id(), hash)? {
                Some(first) => {
                    effect.output(idempotency::look_up(context, part.id(), first, part.reply(context)));
                }
                None => new.push(part),
            }
        }
        if !new.is_empty() {
            suspending::check(context)?;
        }
        let files: Vec<AttachmentId> = self.attachments.iter().map(|file| file.attachment.clone()).collect();
        attaching::check(&files, context.policy.limits.attachments_per_message)?;
        let flags = check_texts(self, context, &mut effect, &new, hash)?;
        let (mut total_milli, mut recipients) = (0, 0);
        for part in &new {
            let (price_milli, receiving) = pass_on(self, context, &mut effect, *part, &flags, hash)?;
            total_milli += price_milli;
            recipients += receiving;
        }
        let reason = Reason {
            kind: LedgerKind::MessageSend,
            conversation: only_conversation(&new),
            client_id: new.first().map(|part| part.id()),
            recipients: Some(recipients),
        };
        credits::change(context, &mut effect, -total_milli, &reason)?;
        Ok(effect.done())
    }

    /// Done if one of its charges stands. One that charged nothing has followed an earlier one or was refused: the
    /// rows do not tell which.
    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let hash = request_hash(self);
        let mut outcomes = parts(self).map(|part| idempotency::repeated(past, part.id(), hash));
        let has_charged = outcomes.any(|outcome| match outcome {
            Outcome::Accepted(accepted) => !accepted.repeated,
            Outcome::Refused(_) | Outcome::Stored(_) | Outcome::Done(_) => false,
        });
        Some(if has_charged { Outcome::Done(Done { changed: true }) } else { refused_before() })
    }
}

/// Rules that ask for attention to the texts of a forward.
#[derive(Default)]
struct Flags {
    copies: Option<Flagged>,
    comments: Option<Flagged>,
}

/// Counts a part as a send, remembers its id, and passes it on. Gives its price and its recipients.
fn pass_on(
    forward: &ForwardMessage,
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    part: Part<'_>,
    flags: &Flags,
    request_hash: i64,
) -> Result<(i64, i32), Refusal> {
    let (limit, copy) = (&context.policy.limits.send, part.copy());
    sending::check_recipients(copy.recipients)?;
    let sends = &mut effect.state().sends;
    window::check(sends.iter().copied(), context.at, limit).map_err(|full| full.refusal("send", limit))?;
    *sends = window::with(sends, context.at, limit);
    let price_milli = context.policy.prices.message_per_recipient * i64::from(copy.recipients);
    let conversation = copy.conversation.clone();
    let charge = charging::charge(context, part.id(), ChargeKind::Send, conversation, price_milli);
    let flagged = match part {
        Part::Copy(..) => flags.copies.clone(),
        Part::Comment(..) => flags.comments.clone(),
    };
    let charge = Charge { flagged, ..charge };
    let post = part.post(forward, privacy::sends_reads(&context.state().privacy));
    effect.row(part.id(), idempotency::remember(&charge, request_hash));
    charging::pass_answering(effect, charge, part.reply(context), post);
    Ok((price_milli, copy.recipients))
}

/// Hash of what the client said, without the facts that ingest added.
fn request_hash(forward: &ForwardMessage) -> i64 {
    let ForwardMessage { conversation, seq, comment, copies, .. } = forward;
    let mut said = format!("forward\0{conversation}\0{seq}");
    for copy in copies {
        said.push('\0');
        said.push_str(copy.conversation.as_str());
    }
    if let Some(comment) = comment {
        said.push_str("\0\0");
        said.push_str(&comment.text);
    }
    text::hash(said.as_bytes())
}

/// The first conversation of a forward; BAD_USER_INPUT for an empty list, with and without a policy.
pub fn first_target<T>(targets: &[T]) -> Result<&T, Refusal> {
    targets.first().ok_or_else(|| bad_targets("a forward goes to a conversation"))
}

/// Refuses an empty list of target conversations, one that is too long, and one with a conversation twice.
pub fn check_targets(targets: &[&ConversationId], most: i32) -> Result<(), Refusal> {
    first_target(targets)?;
    if !i32::try_from(targets.len()).is_ok_and(|count| count <= most) {
        let detail = format!("a forward goes to {most} conversations");
        return Err(Refusal::limit_reached("forward_conversations", detail));
    }
    let mut each = targets.to_vec();
    each.sort();
    each.dedup();
    if each.len() < targets.len() { Err(bad_targets("a conversation is named twice")) } else { Ok(()) }
}

fn bad_targets(detail: &str) -> Refusal {
    Refusal::bad_input("toConversationIds", detail)
}

fn check_copies(forward: &ForwardMessage, most: i32) -> Result<(), Refusal> {
    let targets: Vec<&ConversationId> = forward.copies.iter().map(|copy| &copy.conversation).collect();
    check_targets(&targets, most)
}

/// Refuses texts that no message may have, that are not allowed, or that were sent too often. A text counts once for
/// all the copies of a forward, in a place of its own: a refund of one copy does not take it back. Files without a
/// text are no text.
fn check_texts(
    forward: &ForwardMessage,
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    new: &[Part<'_>],
    request_hash: i64,
) -> Result<Flags, Refusal> {
    let limits = &context.policy.limits;
    let mut flags = Flags::default();
    let copied = new.iter().any(|part| matches!(part, Part::Copy(..)));
    let commented = new.iter().any(|part| matches!(part, Part::Comment(..)));
    let mentioned = forward.copies.iter().map(|copy| copy.mentions.people.len()).max().unwrap_or(0);
    let texts = [
        (
            "messageId",
            copied.then_some(&forward.content),
            !forward.attachments.is_empty() || forward.gif.is_some(),
            0,
            &mut flags.copies,
        ),
        ("addComment", forward.comment.as_ref().filter(|_| commented), false, mentioned, &mut flags.comments),
    ];
    for (field, content, has_files, mentions, flagged) in texts {
        let Some(content) = content else { continue };
        sending::check_content(field, &content.text, has_files, limits)?;
        if text::is_blank(&content.text) {
            continue;
        }
        moderation::check(context, field, &content.text, mentions)?;
        *flagged = context.flagged.take();
        let mark =
            TextMark { at: context.at, text: text::fingerprint(&content.text), conversation: request_hash };
        let state = effect.state();
        sending::check_identical(state, &mark, limits)?;
        state.texts = sending::texts_with(&state.texts, mark, limits);
    }
    Ok(flags)
}

/// The conversation of all parts, if it is one.
fn only_conversation<'a>(parts: &[Part<'a>]) -> Option<&'a ConversationId> {
    let first = &parts.first()?.copy().conversation;
    parts.iter().all(|part| part.copy().conversation == *first).then_some(first)
}
