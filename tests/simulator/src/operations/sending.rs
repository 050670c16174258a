//! Sends: new ones, repeats under one client id, and posts that no account has charged.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use schemas::charging::ChargeKind;
use schemas::credits::LedgerKind;
use schemas::message::{Content, Mentions, ReplyStub};
use schemas::operations::{PostMessage, SendMessage};
use schemas::position::Offset;
use schemas::rows::{ClientRequest, MessageHead, Sent};
use schemas::{ClientId, ConversationRequest, UserId};

use super::{Simulated, stickers, templating, uploading};
use crate::check::{Rest, Story};
use crate::clients::{Asked, Clients, FORBIDDEN, client_id, profile};
use crate::world::State;

impl Simulated for SendMessage {
    const WEIGHT: u32 = 72;

    fn ask(clients: &mut Clients, state: &mut State) {
        if state.chance(0.42) { repeat(clients, state) } else { send(clients, state) }
    }

    /// Each message is paid for by one charge, and its client id is remembered; no other is.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let own: Vec<&(ClientId, Offset)> = rest.sent_by(user).collect();
            let charged = rest.charged(user);
            if let Some((id, charge)) =
                own.iter().find(|(id, charge)| !charged.contains_key(&(*charge, id.clone())))
            {
                return Err(format!("{id} of {user} is a message, and was not charged at {charge}"));
            }
            let live = account.stored.all::<ClientRequest>();
            let live = live.filter(|(_, request)| {
                request.live && matches!(request.kind, ChargeKind::Send | ChargeKind::Scheduled)
            });
            let live: BTreeSet<ClientId> = live.map(|(id, _)| id).collect();
            let ids: BTreeSet<ClientId> = own.iter().map(|(id, _)| id.clone()).collect();
            if live != ids || ids.len() != own.len() {
                return Err(format!(
                    "{user} has {} live ids, {} messages, {} ids",
                    live.len(),
                    own.len(),
                    ids.len()
                ));
            }
            let charges = account.ledger.iter().filter(|(_, entry)| entry.kind == LedgerKind::MessageSend);
            // A command has one entry in the ledger, however many messages it makes.
            let entries: BTreeMap<Offset, i64> =
                charges.map(|(at, entry)| (*at, -entry.amount_milli)).collect();
            let mut prices: BTreeMap<Offset, i64> = BTreeMap::new();
            for ((at, _), price) in charged.into_iter().filter(|(_, price)| *price != 0) {
                *prices.entry(at).or_default() += price;
            }
            if entries != prices {
                return Err(format!("the ledger of {user} has {entries:?}, the charges {prices:?}"));
            }
        }
        Ok(())
    }
}

fn send(clients: &mut Clients, state: &mut State) {
    let user = clients.user(state);
    let conversation = clients.conversation(state);
    let text = clients.text(state);
    // Now and then the message that is answered does not exist, which only the conversation knows.
    let reply_to = match text.as_bytes().last() {
        Some(b'7') => Some(lost(&user)),
        Some(b'3') => clients.message(state, &conversation).map(|message| message.stub()),
        _ => None,
    };
    let client_id = client_id(state);
    let after = state.acknowledged.get(&conversation).copied().unwrap_or(0);
    let reply_to = reply_to.map(Box::new);
    // Refused unless the file is ready.
    let attachments = if state.chance(0.05) { vec![uploading::attachment(state, &user)] } else { vec![] };
    let (text, attachments, sticker) = match state.chance(0.05).then(|| stickers::chosen(clients, state)) {
        Some(Some(sticker)) => (String::new(), vec![], Some(Box::new(sticker))),
        Some(None) | None => (text, attachments, None),
    };
    // Refused unless it stands.
    let template = if state.chance(0.2) { templating::some(state, &user) } else { None };
    let asked = Asked {
        user,
        client_id,
        conversation,
        text,
        reply_to,
        attachments,
        template,
        sticker,
        after,
        command: 0,
    };
    clients.send(state, asked);
    state.statistics.sends += 1;
}

/// The stub of a message that does not exist.
fn lost(user: &UserId) -> ReplyStub {
    let content = Some(Content::plain("lost"));
    ReplyStub {
        seq: 1_000_000,
        sender: profile(user),
        content,
        attachments: vec![],
        sticker: None,
        gif: None,
        created_at: 0,
    }
}

/// A client asks again, now and then for something else under the same id, or twice at once.
fn repeat(clients: &mut Clients, state: &mut State) {
    if clients.sends.is_empty() {
        return;
    }
    let recent = clients.sends.len().min(12);
    let nth = clients.sends.len() - 1 - state.random.random_range(0..recent);
    let Some(mut asked) = clients.sends.values().nth(nth).cloned() else { return };
    if state.chance(0.07) {
        asked.text.push_str(" and more");
    }
    for _ in 0..state.random.random_range(1..3) {
        clients.send(state, asked.clone());
    }
}

impl Simulated for PostMessage {
    const WEIGHT: u32 = 1;

    /// Without a charge, which its account alone can give.
    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let post = PostMessage {
            client_id: client_id(state),
            sender: profile(&user),
            content: Content::plain("for nothing"),
            reply_to: None,
            mentions: Mentions::default(),
            forwarded: None,
            attachments: vec![],
            sticker: None,
            gif: None,
            shows_reads: true,
        };
        clients.direct(state, &conversation, post);
    }

    /// Messages are numbered without gap: heads, `Sent` rows, content and events agree; what nobody paid
    /// for is refused, and no text has a forbidden word.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.refused(|request| matches!(request, ConversationRequest::PostMessage(_)))?;
        for story in rest.stories() {
            let contents = story.history.messages.iter().filter_map(|written| written.message.body.content());
            let title = story.history.opened.iter().filter_map(|opened| opened.title.as_deref());
            let mut texts = contents.map(|content| content.text.as_str()).chain(title);
            if texts.any(|text| text.contains(FORBIDDEN)) {
                return Err(format!("{} has a text that no policy allows", story.id));
            }
        }
        rest.stories()
            .try_for_each(|story| numbered(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

fn numbered(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let written = &story.history.messages;
    let heads: BTreeMap<i64, &MessageHead> = story.stored.all::<MessageHead>().collect();
    let sent: BTreeSet<i64> = story.stored.all::<Sent>().map(|(_, sent)| sent.seq).collect();
    let state = story.stored.state.as_ref();
    let (head, countable) = state.map_or((0, 0), |state| (state.head, state.countable));
    if head != written.len() as i64 || heads.len() != written.len() {
        return Err(format!("head {head}, {} heads, {} messages told by events", heads.len(), written.len()));
    }
    let mut ordinal = 0;
    for written in written {
        let message = &written.message;
        let is_text = message.body.note().is_none();
        ordinal += i64::from(is_text);
        let expected = MessageHead {
            sender: is_text.then(|| message.sender.user.clone()),
            position: message.position,
            at: message.sent_at,
            ordinal,
            removed_at: written.removed_at.or(written.hidden_at),
            aspects: story.history.aspects(message.seq),
        };
        if heads.get(&message.seq) != Some(&&expected) {
            return Err(format!("head of {}: {:?}, not {expected:?}", message.seq, heads.get(&message.seq)));
        }
        if is_text != sent.contains(&message.seq) {
            return Err(format!("message {} and its sender's row disagree", message.seq));
        }
        let stored = rest.message(&story.id, message.seq)?;
        let expected = match (written.removed_at, written.hidden_at) {
            (Some(at), _) => message.clone().removed(at),
            (None, Some(at)) => message.clone().hidden(at),
            (None, None) => message.clone().stored(),
        };
        if stored != expected {
            return Err(format!("content of {}: {stored:?}, not {expected:?}", message.seq));
        }
    }
    if countable == ordinal { Ok(()) } else { Err(format!("{countable} countable messages, not {ordinal}")) }
}
