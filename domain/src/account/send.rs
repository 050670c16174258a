//! Sending: limits, credits, and the way on to the conversation.

use std::fmt::Write;

use schemas::account::{Charge, ChargeKind, LedgerKind, SendMessage};
use schemas::code::{ErrorCode, Refusal};
use schemas::control::Limits;
use schemas::conversation::{ConversationRequest, PostMessage};
use schemas::fold::Decision;
use schemas::message::Output;
use schemas::rows::{AccountState, TextMark};

use super::credits::{self, Cause};
use super::{Accounts, Context, accepted, requests};
use crate::{text, window};

/// Bytes of what is hashed beside a text, at most.
const SAID_AROUND: usize = 64;

/// Hash of what the client said, without the facts that ingest added.
pub fn said(send: &SendMessage) -> i64 {
    let SendMessage { conversation, content, .. } = send;
    let reply_to = send.reply_to.as_ref().map_or(0, |parent| parent.seq);
    let mut said = String::with_capacity(SAID_AROUND + content.text.len());
    // A text takes whatever is written to it.
    let _ = write!(said, "send\0{conversation}\0{reply_to}\0{}", content.text);
    text::hash(said.as_bytes())
}

pub fn decide(context: &Context<'_>, send: &SendMessage) -> Result<Decision<Accounts>, Refusal> {
    let said = said(send);
    if let Some(repeat) = requests::follow_first(context, &send.client_id, said)? {
        return Ok(repeat);
    }
    let limits = &context.policy.limits;
    check_text(&send.content.text, limits)?;
    check_recipients(send.recipients)?;
    let account = &*context.account.state;
    let mark = TextMark {
        at: context.at,
        text: text::fingerprint(&send.content.text),
        conversation: text::hash(send.conversation.as_str().as_bytes()),
    };
    window::check(account.sends.iter().copied(), context.at, &limits.send)
        .map_err(|full| full.refusal("send", &limits.send))?;
    check_identical(account, &mark, limits)?;

    let price_milli = context.policy.prices.message_per_recipient * i64::from(send.recipients);
    let cause = Cause {
        kind: LedgerKind::MessageSend,
        conversation: Some(&send.conversation),
        client_id: Some(&send.client_id),
        recipients: Some(send.recipients),
    };
    let mut state = AccountState {
        sends: window::with(&account.sends, context.at, &limits.send),
        creations: account.creations.clone(),
        texts: texts_with(&account.texts, mark, limits),
        ..*account
    };
    let entry = credits::change(context, &mut state, -price_milli, &cause)?;

    let charge = Charge {
        user: context.user.clone(),
        client_id: send.client_id.clone(),
        kind: ChargeKind::Send,
        conversation: send.conversation.clone(),
        position: context.offset,
        at: context.at,
        price_milli,
    };
    let post = PostMessage {
        client_id: send.client_id.clone(),
        sender: send.sender.clone(),
        content: send.content.clone(),
        reply_to: send.reply_to.clone(),
        mentions: send.mentions.clone(),
    };
    // With room for the change of the balance.
    let (mut rows, mut outputs) = (Vec::with_capacity(2), Vec::with_capacity(2));
    rows.push(requests::remember(context, &send.client_id, said, ChargeKind::Send, &send.conversation));
    outputs.push(Output::ToConversation {
        conversation: send.conversation.clone(),
        body: ConversationRequest::PostMessage(post),
        reply: context.reply,
        charge: Some(charge),
    });
    credits::note(entry, &mut rows, &mut outputs);
    Ok(Decision { state, rows, views: vec![], outputs, verdict: Some(accepted(false)) })
}

fn check_text(content: &str, limits: &Limits) -> Result<(), Refusal> {
    if text::is_blank(content) {
        return Err(Refusal::bad_input("content", "a message needs a text"));
    }
    if text::length(content) > limits.message_characters {
        return Err(Refusal::bad_input("content", "the text is too long"));
    }
    Ok(())
}

/// The count is a fact from ingest; a negative one would pay the sender.
fn check_recipients(recipients: i32) -> Result<(), Refusal> {
    if recipients < 0 {
        return Err(Refusal::new(ErrorCode::BadUserInput, "negative number of recipients"));
    }
    Ok(())
}

fn check_identical(state: &AccountState, mark: &TextMark, limits: &Limits) -> Result<(), Refusal> {
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
fn texts_with(texts: &[TextMark], mark: TextMark, limits: &Limits) -> Vec<TextMark> {
    let longest = limits.identical_text.seconds.max(limits.identical_text_conversations.seconds);
    let counting = window::counting(texts, mark.at, longest, |mark| mark.at);
    // An operator may set limits under which this would outgrow a state; the oldest go first.
    let surplus = (counting.len() + 1).saturating_sub(MAX_TEXT_MARKS);
    window::one_more(&counting[surplus..], mark, |mark| mark.at)
}

/// 60 sends a minute for the ten minutes that a text is remembered.
const MAX_TEXT_MARKS: usize = 600;
