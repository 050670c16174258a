//! Sending: limits, credits, and the way on to the conversation.

use std::fmt::Write;

use fold::{Decision, Purpose};
use schemas::attaching::AttachedFile;
use schemas::charging::{Charge, ChargeKind, ClientRequest};
use schemas::code::{ErrorCode, Refusal};
use schemas::control::Limits;
use schemas::credits::LedgerKind;
use schemas::gifs::Gif;
use schemas::rows::RowKey;
use schemas::sending::{PostMessage, SendMessage};
use schemas::states::{AccountState, TextMark};
use schemas::verdict::Outcome;
use schemas::{AttachmentId, ClientId, ConversationId, ConversationRequest, TemplateId};

use super::credits::{self, Reason};
use super::{Accounts, accepted, attaching, charging, idempotency, stickers, suspending, templating};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::{moderation, privacy, text, window};

/// Bytes of what is hashed beside a text, at most.
const HASHED_AROUND: usize = 64;

impl Operation<Accounts> for SendMessage {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        let files = attaching::rows(&self.attachments);
        let template = templating::row(self.template.as_deref());
        std::iter::once(RowKey::of::<ClientRequest>(&self.client_id)).chain(files).chain(template).collect()
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let hash = request_hash(self);
        if let Some(repeat) = idempotency::follow_first(context, &self.client_id, hash)? {
            return Ok(repeat);
        }
        suspending::check(context)?;
        let limits = &context.policy.limits;
        check_content("content", &self.content.text, is_carrying(self), limits)?;
        check_gif(self.gif.as_deref(), &self.attachments, self.sticker.as_deref())?;
        let files = match &self.sticker {
            Some(chosen) => vec![stickers::image(self, chosen)?],
            None => attaching::carried(context, &self.attachments)?,
        };
        templating::check_named(context, self.template.as_deref())?;
        moderation::check(context, "content", &self.content.text, self.mentions.people.len())?;
        let sending = Sending {
            conversation: &self.conversation,
            client_id: &self.client_id,
            text: &self.content.text,
            attachments: &self.attachments,
            template: self.template.as_deref(),
            recipients: self.recipients,
            kind: ChargeKind::Send,
            hash,
        };
        Ok(charge(context, &sending, post(self, files, context.state()))?.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(idempotency::repeated(past, &self.client_id, request_hash(self)))
    }
}

/// What an account looks at of anything that is sent.
pub struct Sending<'a> {
    pub conversation: &'a ConversationId,
    pub client_id: &'a ClientId,
    /// By which identical sends are limited.
    pub text: &'a str,
    pub attachments: &'a [AttachmentId],
    /// Whose use is counted.
    pub template: Option<&'a TemplateId>,
    pub recipients: i32,
    pub kind: ChargeKind,
    pub hash: i64,
}

/// Counts and charges a first send, and passes it on.
pub fn charge(
    context: &Context<'_, Accounts>,
    send: &Sending<'_>,
    post: impl Into<ConversationRequest>,
) -> Result<Effect<Accounts>, Refusal> {
    let (account, limits) = (context.state(), &context.policy.limits);
    check_recipients(send.recipients)?;
    let mark = TextMark {
        at: context.at,
        text: text::fingerprint(send.text),
        conversation: text::hash(send.conversation.as_str().as_bytes()),
    };
    window::check(account.sends.iter().copied(), context.at, &limits.send)
        .map_err(|full| full.refusal("send", &limits.send))?;
    // Files without a text are not the same text.
    let mark = (!text::is_blank(send.text)).then_some(mark);
    mark.map_or(Ok(()), |mark| check_identical(account, &mark, limits))?;

    let price_milli = context.policy.prices.message_per_recipient * i64::from(send.recipients);
    let mut effect = context.effect();
    let state = effect.state();
    state.sends = window::with(&account.sends, context.at, &limits.send);
    if let Some(mark) = mark {
        state.texts = texts_with(&account.texts, mark, limits);
    }
    let charge = Charge {
        attachments: send.attachments.to_vec(),
        template: send.template.cloned(),
        ..charging::charge(context, send.client_id, send.kind, send.conversation.clone(), price_milli)
    };
    charging::pass_on(context, &mut effect, charge, send.hash, post);
    attaching::count(context, &mut effect, send.attachments, 1);
    templating::count(context, &mut effect, send.template, 1);
    let reason = Reason {
        kind: LedgerKind::MessageSend,
        conversation: Some(send.conversation),
        client_id: Some(send.client_id),
        recipients: Some(send.recipients),
    };
    credits::change(context, &mut effect, -price_milli, &reason)?;
    Ok(effect)
}

/// Hash of what the client said, without the facts that ingest added.
fn request_hash(send: &SendMessage) -> i64 {
    let SendMessage { conversation, content, attachments, template, sticker, gif, .. } = send;
    let reply_to = send.reply_to.as_ref().map_or(0, |parent| parent.seq);
    let mut said = String::with_capacity(HASHED_AROUND + content.text.len());
    // Writing to a string does not fail.
    let _ = write!(said, "send\0{conversation}\0{reply_to}\0{}", content.text);
    for attachment in attachments {
        let _ = write!(said, "\0{attachment}");
    }
    if let Some(template) = template {
        let _ = write!(said, "\0template\0{template}");
    }
    if let Some(chosen) = sticker {
        let _ = write!(said, "\0\0{}\0{}", chosen.pack, chosen.attachment);
    }
    if let Some(gif) = gif {
        let _ = write!(said, "\0gif\0{}", gif.name());
    }
    text::hash(said.as_bytes())
}

/// Whether a send has something beside its text, which may then be empty.
fn is_carrying(send: &SendMessage) -> bool {
    !send.attachments.is_empty() || send.sticker.is_some() || send.gif.is_some()
}

/// Refuses a GIF with files or a sticker beside it.
pub fn check_gif<F, S>(gif: Option<&Gif>, files: &[F], sticker: Option<&S>) -> Result<(), Refusal> {
    if gif.is_some() && (!files.is_empty() || sticker.is_some()) {
        return Err(Refusal::bad_input("gifId", "a GIF has neither files nor a sticker beside it"));
    }
    Ok(())
}

/// Refuses a content that no message may have: a text may be empty where files stand beside it.
pub fn check_content(field: &str, content: &str, has_files: bool, limits: &Limits) -> Result<(), Refusal> {
    let check = if has_files { text::check_length } else { text::check };
    check(field, content, limits.message_characters)
}

fn post(send: &SendMessage, attachments: Vec<AttachedFile>, account: &AccountState) -> PostMessage {
    PostMessage {
        client_id: send.client_id.clone(),
        sender: (*send.sender).clone(),
        content: send.content.clone(),
        reply_to: send.reply_to.clone(),
        mentions: send.mentions.clone(),
        attachments,
        sticker: send.sticker.as_deref().and_then(stickers::sent),
        gif: send.gif.clone(),
        forwarded: None,
        shows_reads: privacy::sends_reads(&account.privacy),
    }
}

/// The count is a fact from ingest; a negative one would pay the sender.
pub fn check_recipients(recipients: i32) -> Result<(), Refusal> {
    if recipients < 0 {
        return Err(Refusal::new(ErrorCode::BadUserInput, "negative number of recipients"));
    }
    Ok(())
}

/// Refuses a text that was sent too often.
pub fn check_identical(state: &AccountState, mark: &TextMark, limits: &Limits) -> Result<(), Refusal> {
    let same = || state.texts.iter().filter(|other| other.text == mark.text);
    let repeats = same().map(|other| other.at);
    window::check(repeats, mark.at, &limits.identical_text)
        .map_err(|full| full.refusal("identical_text", &limits.identical_text))?;

    let spread = &limits.identical_text_conversations;
    let recent = || same().filter(|other| window::counts(other.at, mark.at, spread.seconds));
    if recent().any(|other| other.conversation == mark.conversation) {
        return Ok(());
    }
    // Each conversation counts once, as long as its newest copy of the text does.
    let mut newest: Vec<(i64, i64)> = vec![];
    for other in recent() {
        newest.retain(|(conversation, _)| *conversation != other.conversation);
        newest.push((other.conversation, other.at));
    }
    window::check(newest.into_iter().map(|(_, at)| at), mark.at, spread)
        .map_err(|full| full.refusal("identical_text", spread))
}

/// A mark, among those that a limit still looks at.
pub fn texts_with(texts: &[TextMark], mark: TextMark, limits: &Limits) -> Vec<TextMark> {
    let longest = limits.identical_text.seconds.max(limits.identical_text_conversations.seconds);
    let counting = window::counting(texts, mark.at, longest, |mark| mark.at);
    // An operator may set limits under which this would outgrow a state; the oldest go first.
    let surplus = (counting.len() + 1).saturating_sub(MAX_TEXT_MARKS);
    window::one_more(&counting[surplus..], mark, |mark| mark.at)
}

/// 60 sends a minute for the ten minutes that a text is remembered.
const MAX_TEXT_MARKS: usize = 600;
