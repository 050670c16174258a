//! Everything at rest: log, rows and answers tell one story.

use std::collections::{BTreeMap, BTreeSet};

use domain::account::AccountRow;
use domain::conversation::ConversationRow;
use domain::{Accounts, Conversations};
use platform::ports::Record;
use schemas::account::{AccountEvent, AccountFact, LedgerKind};
use schemas::avro;
use schemas::conversation::{ConversationEvent, ConversationFact};
use schemas::fold::Fold;
use schemas::message::Envelope;
use schemas::owner::{self, RowKey};
use schemas::position::{Number, Offset};
use schemas::tables::views::MessageRow;
use schemas::tables::{
    ACCOUNTS, CHECKPOINTS, CONVERSATIONS, CONVERSATIONS_BY_USER, FromValues, MESSAGES, Value,
};
use schemas::topics::{ACCOUNT_EVENTS, EVENTS, partition_of};
use schemas::{ClientId, ConversationId, UserId};

use super::answers::{self, Answer};
use super::{account, conversation, quorums};
use crate::PARTITIONS;
use crate::clients::{Clients, GRANT};
use crate::world::State;

/// Whether every command is checkpointed and nothing is on its way.
pub fn is_at_rest(state: &State) -> bool {
    state.is_quiet() && lags(state).iter().all(|(_, _, next, end)| next == end)
}

/// What keeps a run from coming to rest.
pub fn what_moves(state: &State) -> String {
    format!("checkpoint and end by partition {:?}, {}", lags(state), state.on_its_way())
}

fn lags(state: &State) -> Vec<(&'static str, i32, Offset, Offset)> {
    let machines =
        [(Accounts::NAME, Accounts::commands().name), (Conversations::NAME, Conversations::commands().name)];
    let each = |(machine, topic): (&'static str, &'static str), partition| {
        let key = (CHECKPOINTS.name, vec![Value::text(machine), Value::Int(partition)]);
        // One that a dead runner left on a single replica is true, and a new owner may start at it.
        let stored = quorums().map(|quorum| {
            let rows = state.replicas.get(quorum, &key, &[vec![]]);
            rows.first().and_then(|row| FromValues::new(CHECKPOINTS.name, &row.columns).bigint().ok())
        });
        let next = stored.into_iter().flatten().max();
        (machine, partition, next.unwrap_or(0), state.log(topic, partition).len() as Offset)
    };
    let places = machines.into_iter().flat_map(|machine| (0..PARTITIONS).map(move |p| (machine, p)));
    places.map(|(machine, partition)| each(machine, partition)).collect()
}

/// A message as the rows tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    seq: i64,
    sender: UserId,
    client_id: ClientId,
    text: String,
    charge: Offset,
}

pub fn everything(state: &mut State, clients: &Clients) -> Result<(), String> {
    replicas_agree(state)?;
    let mut messages: BTreeMap<&UserId, Vec<Message>> = BTreeMap::new();
    for id in clients.conversations() {
        let stored = messages_of(state, id)?;
        events_tell(state, id, &stored)?;
        for message in stored {
            let user = clients.users().iter().find(|user| **user == message.sender);
            messages.entry(user.ok_or("a message of nobody")?).or_default().push(message);
        }
    }
    for user in clients.users() {
        let own = messages.get(user).map_or(&[][..], Vec::as_slice);
        account_tells(state, user, own).map_err(|wrong| format!("{user}: {wrong}"))?;
        state.statistics.stored += own.len() as u64;
    }
    answers_are_true(state, clients, &messages)
}

fn replicas_agree(state: &State) -> Result<(), String> {
    for table in [&ACCOUNTS, &CONVERSATIONS, &MESSAGES, &CONVERSATIONS_BY_USER] {
        for partition in state.replicas.partitions(table) {
            let [one, others @ ..] = quorums().map(|quorum| {
                let mut rows = state.replicas.merged(quorum, &partition);
                // Either list of keys is right: it depends on batching.
                rows.retain(|key, _| key.first() != Some(&Value::Int(owner::LAST_BATCH)));
                rows
            });
            if others.iter().any(|other| *other != one) {
                return Err(format!("replicas disagree on {partition:?}"));
            }
        }
    }
    Ok(())
}

fn messages_of(state: &State, id: &ConversationId) -> Result<Vec<Message>, String> {
    let stored = conversation(state, id, quorums()[0])?;
    let head = stored.state.as_ref().map_or(0, |state| state.head);
    let mut sent: BTreeMap<i64, (UserId, ClientId, Offset)> = BTreeMap::new();
    for (key, row) in &stored.rows {
        if let ConversationRow::Sent(row) = row {
            let (user, client) = sent_by(key).ok_or("a sent row of nobody")?;
            if sent.insert(row.seq, (user, client, row.charge)).is_some() {
                return Err(format!("two sends are message {} of {id}", row.seq));
            }
        }
    }
    let heads: Vec<i64> = stored
        .rows
        .iter()
        .filter(|(_, row)| matches!(row, ConversationRow::Message(_)))
        .filter_map(|(key, _)| key.number())
        .collect();
    let numbers: Vec<i64> = (1..=head).collect();
    if heads != numbers || sent.keys().copied().collect::<Vec<_>>() != numbers {
        return Err(format!("hole in {id}: head {head}, messages {heads:?}, sent {:?}", sent.keys()));
    }
    sent.into_iter()
        .map(|(seq, (sender, client_id, charge))| {
            let partition = (MESSAGES.name, MessageRow::partition(id, seq));
            let rows = state.replicas.get(quorums()[0], &partition, &[MessageRow::key(seq)]);
            let row = rows.first().ok_or_else(|| format!("message {seq} of {id} has no content"))?;
            let view = MessageRow::from_row(id, &row.columns).map_err(|e| e.to_string())?.message;
            if view.sender.user != sender || view.client_id.as_ref() != Some(&client_id) {
                return Err(format!("message {seq} of {id} has another's content"));
            }
            let text = view.content.map(|content| content.text).unwrap_or_default();
            Ok(Message { seq, sender, client_id, text, charge })
        })
        .collect()
}

fn sent_by(key: &RowKey) -> Option<(UserId, ClientId)> {
    let end = key.key.iter().position(|byte| *byte == 0)?;
    let user = std::str::from_utf8(&key.key[..end]).ok()?.parse().ok()?;
    let id: [u8; 16] = key.key[end + 1..].try_into().ok()?;
    Some((user, ClientId::from_bytes(id)))
}

/// What a reader keeps of a lane: every record whose cause is above the last.
fn counted(log: &[Record]) -> impl Iterator<Item = &Record> {
    let mut last: Option<Number> = None;
    log.iter().filter(move |record| {
        let cause = Envelope::read(record.headers()).ok().and_then(|envelope| envelope.cause);
        let number = cause.map(|cause| cause.number);
        let counts = number > last;
        if counts {
            last = number;
        }
        counts
    })
}

/// The events, repeats dropped, tell the messages in their order.
fn events_tell(state: &State, id: &ConversationId, stored: &[Message]) -> Result<(), String> {
    let partition = partition_of(id.as_str().as_bytes(), PARTITIONS);
    let mut told = Vec::new();
    for record in counted(state.log(EVENTS.name, partition)) {
        let event: ConversationEvent = avro::decode(&record.value).map_err(|e| e.to_string())?;
        if let (true, ConversationFact::MessagePosted(posted)) = (event.conversation == *id, event.body) {
            let message = posted.message;
            let text = message.content.map(|content| content.text).unwrap_or_default();
            let client_id = message.client_id.ok_or("a message without a client id")?;
            told.push((message.seq, message.sender.user, client_id, text));
        }
    }
    let rows: Vec<_> =
        stored.iter().map(|m| (m.seq, m.sender.clone(), m.client_id.clone(), m.text.clone())).collect();
    if told == rows { Ok(()) } else { Err(format!("events of {id} tell {told:?}, rows {rows:?}")) }
}

/// Ledger, balance, remembered ids and account events agree with the messages.
fn account_tells(state: &mut State, user: &UserId, messages: &[Message]) -> Result<(), String> {
    let stored = account(state, user, quorums()[0])?;
    let balance = stored.state.as_ref().map_or(0, |state| state.balance_milli);
    let mut running = 0;
    let mut ledger = Vec::new();
    for (key, row) in &stored.rows {
        if let (AccountRow::Ledger(entry), Some(offset)) = (row, key.number()) {
            running += entry.amount_milli;
            if running < 0 || running != entry.balance_after_milli {
                return Err(format!("balance after {offset} is {running}, the entry says {entry:?}"));
            }
            ledger.push((offset, entry));
        }
    }
    if running != balance {
        return Err(format!("balance {balance}, ledger {running}"));
    }
    let paid: BTreeSet<Offset> = messages.iter().map(|message| message.charge).collect();
    if paid.len() != messages.len() {
        return Err("one charge paid for two messages".to_owned());
    }
    let sum = |wanted: &dyn Fn(&(Offset, &schemas::rows::LedgerEntry)) -> bool| -> (i64, usize) {
        let entries: Vec<_> = ledger.iter().filter(|entry| wanted(entry)).collect();
        (entries.iter().map(|(_, entry)| entry.amount_milli).sum(), entries.len())
    };
    let (unpaid, unpaid_count) =
        sum(&|(at, entry)| entry.kind == LedgerKind::MessageSend && !paid.contains(at));
    let (refunds, refund_count) = sum(&|(_, entry)| entry.kind == LedgerKind::Refund);
    let (grants, _) = sum(&|(_, entry)| entry.kind == LedgerKind::Grant);
    if (unpaid + refunds, unpaid_count) != (0, refund_count) || grants != GRANT {
        return Err(format!(
            "{unpaid_count} charges of {unpaid} without a message, {refund_count} refunds of {refunds}"
        ));
    }
    let live: BTreeSet<ClientId> = stored
        .rows
        .iter()
        .filter_map(|(key, row)| match row {
            AccountRow::ClientRequest(request)
                if request.live && request.kind == schemas::account::ChargeKind::Send =>
            {
                Some(ClientId::from_bytes(key.key.as_slice().try_into().ok()?))
            }
            _ => None,
        })
        .collect();
    let ids: BTreeSet<ClientId> = messages.iter().map(|message| message.client_id.clone()).collect();
    if live != ids || ids.len() != messages.len() {
        return Err(format!("{} live ids, {} ids of {} messages", live.len(), ids.len(), messages.len()));
    }
    let partition = partition_of(user.as_str().as_bytes(), PARTITIONS);
    let mut told = Vec::new();
    for record in counted(state.log(ACCOUNT_EVENTS.name, partition)) {
        let event: AccountEvent = avro::decode(&record.value).map_err(|e| e.to_string())?;
        if let (true, AccountFact::CreditsChanged(changed)) = (event.user == *user, event.body) {
            told.push((changed.amount_milli, changed.balance_after_milli));
        }
    }
    let rows: Vec<_> =
        ledger.iter().map(|(_, entry)| (entry.amount_milli, entry.balance_after_milli)).collect();
    if told != rows {
        return Err(format!("account events tell {told:?}, the ledger {rows:?}"));
    }
    state.statistics.refunds += refund_count as u64;
    Ok(())
}

/// Successes are stored, refusals left nothing, and what made a message was told so.
fn answers_are_true(
    state: &mut State,
    clients: &Clients,
    messages: &BTreeMap<&UserId, Vec<Message>>,
) -> Result<(), String> {
    for (request, asked) in &clients.sends {
        let wrong = |what: String| format!("request {request}: {what}");
        let Some(told) = state.verdicts.get(request) else { return Err(wrong("never answered".to_owned())) };
        let answer = answers::answer(told).map_err(wrong)?;
        let own = messages.get(&asked.user).map_or(&[][..], Vec::as_slice);
        let made =
            own.iter().any(|message| message.charge == asked.command && message.client_id == asked.client_id);
        match answer {
            Answer::Stored(seq) => {
                answers::is_stored(state, asked, seq).map_err(wrong)?;
                state.statistics.answered += 1;
            }
            Answer::Refused if made => return Err(wrong("refused, and made a message".to_owned())),
            Answer::Refused => state.statistics.refused += 1,
            Answer::Open if made => return Err(wrong(format!("made a message, told {told:?}"))),
            // A look-up of a send that came to nothing has no answer but that.
            Answer::Open if told.conversations.is_empty() => {
                return Err(wrong(format!("no final answer: {told:?}")));
            }
            Answer::Open => {}
        }
    }
    Ok(())
}
