//! Everything at rest: log, rows and answers tell one story.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Accounts, Conversations};
use fold::Fold;
use platform::ports::Record;
use schemas::blocking::BlockedUsersChanged;
use schemas::charging::{Charge, ChargeKind};
use schemas::control::RULES;
use schemas::message::Message;
use schemas::position::{Number, Offset};
use schemas::record::Envelope;
use schemas::rows::{self, LedgerEntry, Sent};
use schemas::tables::views::AspectBody;
use schemas::tables::{
    ACCOUNTS, AUDIT, BLOCKS, CHECKPOINTS, CONVERSATIONS, CONVERSATIONS_BY_USER, FromValues, MESSAGES,
    PUBLIC_STICKER_PACKS, REPORTS, STICKER_PACKS, TIMERS, Value,
};
use schemas::topics::{ACCOUNT_EVENTS, EVENTS, Topic};
use schemas::verdict::Outcome;
use schemas::{
    AccountFact, AccountRequest, ClientId, ConversationFact, ConversationId, ConversationRequest, TemplateId,
    UserId,
};

use super::answers::{self, Answer};
use super::history::History;
use super::{Stored, account, aspects, conversation, message};
use crate::PARTITIONS;
use crate::clients::{Clients, ids};
use crate::operations;
use crate::tables::QUORUMS;
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
        let stored = QUORUMS.map(|quorum| {
            let rows = state.replicas.get(quorum, &key, &[vec![]]);
            rows.first().and_then(|row| FromValues::new(CHECKPOINTS.name, &row.columns).bigint().ok())
        });
        let next = stored.into_iter().flatten().max();
        (machine, partition, next.unwrap_or(0), state.log(topic, partition).len() as Offset)
    };
    let places = machines.into_iter().flat_map(|machine| (0..PARTITIONS).map(move |p| (machine, p)));
    places.map(|(machine, partition)| each(machine, partition)).collect()
}

/// A conversation, as its rows say and as its events tell.
pub struct Story {
    pub id: ConversationId,
    pub stored: Stored<Conversations>,
    pub history: History,
    /// By number: who sent it, under which id, and which charge paid for it.
    pub sent: BTreeMap<i64, (UserId, (ClientId, Offset))>,
}

/// An account, as its rows say and as its events tell.
pub struct Account {
    pub stored: Stored<Accounts>,
    pub ledger: Vec<(Offset, LedgerEntry)>,
    /// Amount and balance of each change that its events tell.
    pub changes: Vec<(i64, i64)>,
    /// Whom its user blocks, as its events tell it last.
    pub blocks: BTreeSet<UserId>,
}

/// What there is when nothing moves.
pub struct Rest<'a> {
    pub state: &'a State,
    pub clients: &'a Clients,
    conversations: BTreeMap<ConversationId, Story>,
    pub accounts: BTreeMap<UserId, Account>,
}

impl<'a> Rest<'a> {
    fn read(state: &'a State, clients: &'a Clients) -> Result<Self, String> {
        let mut histories: BTreeMap<ConversationId, History> = BTreeMap::new();
        for (offset, record) in counted(state, &EVENTS) {
            let id: ConversationId = key(record)?;
            let fact = ConversationFact::decode(&record.value).map_err(|e| e.to_string())?;
            let history = histories.entry(id.clone()).or_default();
            history.follow(offset, fact).map_err(|wrong| format!("events of {id}: {wrong}"))?;
        }
        let mut changes: BTreeMap<UserId, Vec<(i64, i64)>> = BTreeMap::new();
        let mut blocks: BTreeMap<UserId, BTreeSet<UserId>> = BTreeMap::new();
        for (_, record) in counted(state, &ACCOUNT_EVENTS) {
            match AccountFact::decode(&record.value).map_err(|e| e.to_string())? {
                AccountFact::CreditsChanged(changed) => {
                    let change = (changed.amount_milli, changed.balance_after_milli);
                    changes.entry(key(record)?).or_default().push(change);
                }
                AccountFact::BlockedUsersChanged(BlockedUsersChanged { other, blocked }) => {
                    let of = blocks.entry(key(record)?).or_default();
                    let changed = if blocked { of.insert(other.clone()) } else { of.remove(&other) };
                    if !changed {
                        return Err(format!("it is told again that {other} is blocked: {blocked}"));
                    }
                }
                AccountFact::SendRejected(_)
                | AccountFact::ConversationOrganized(_)
                | AccountFact::DraftSaved(_)
                | AccountFact::AttachmentChanged(_)
                | AccountFact::PreferencesChanged(_)
                | AccountFact::PrivacyChanged(_)
                | AccountFact::ScheduleChanged(_)
                | AccountFact::TemplatesChanged(_)
                | AccountFact::StickersChanged(_)
                | AccountFact::NotificationsChanged(_) => {}
            }
        }
        let stories =
            histories.into_iter().map(|(id, history)| Ok((id.clone(), Story::read(state, id, history)?)));
        let accounts = clients.users().iter().map(|user| {
            let stored = account(state, user, QUORUMS[0])?;
            let ledger = stored.all::<LedgerEntry>().map(|(offset, entry)| (offset, entry.clone())).collect();
            let changes = changes.remove(user).unwrap_or_default();
            let blocks = blocks.remove(user).unwrap_or_default();
            Ok((user.clone(), Account { stored, ledger, changes, blocks }))
        });
        let accounts = accounts.collect::<Result<_, String>>()?;
        Ok(Self { state, clients, conversations: stories.collect::<Result<_, String>>()?, accounts })
    }

    pub fn stories(&self) -> impl Iterator<Item = &Story> {
        self.conversations.values()
    }

    /// Client ids and charges of the messages that a user has sent.
    pub fn sent_by<'s>(&'s self, user: &'s UserId) -> impl Iterator<Item = &'s (ClientId, Offset)> {
        let sent = self.stories().flat_map(|story| story.sent.values());
        sent.filter(move |(sender, _)| sender == user).map(|(_, sent)| sent)
    }

    /// What the account of a user has charged for messages, as the commands of conversations say: prices by position
    /// and client id.
    pub fn charged(&self, user: &UserId) -> BTreeMap<(Offset, ClientId), i64> {
        let own = self.charges(user);
        own.filter_map(|charge| Some(((charge.position, charge.client_id?), charge.price_milli))).collect()
    }

    /// Templates that charges for messages of a user name, in the same way.
    pub fn named_templates(&self, user: &UserId) -> BTreeMap<(Offset, ClientId), TemplateId> {
        let own = self.charges(user);
        own.filter_map(|charge| Some(((charge.position, charge.client_id?), charge.template?))).collect()
    }

    fn charges(&self, user: &UserId) -> impl Iterator<Item = Charge> {
        let records = (0..PARTITIONS).flat_map(move |p| self.state.log(Conversations::commands().name, p));
        let charges = records.filter_map(|record| Envelope::read(record.headers()).ok()?.charge);
        charges.filter(move |charge| {
            charge.user == *user && matches!(charge.kind, ChargeKind::Send | ChargeKind::Scheduled)
        })
    }

    /// What an account was asked for, in the order of the log.
    pub fn asked(&self, user: &UserId) -> Vec<AccountRequest> {
        let records = (0..PARTITIONS).flat_map(|p| self.state.log(Accounts::commands().name, p));
        let own = records.filter(|record| record.key_text() == Some(user.as_str()));
        own.filter_map(|record| Accounts::decode(&record.value, RULES).ok()).collect()
    }

    pub fn story(&self, id: &ConversationId) -> Option<&Story> {
        self.conversations.get(id)
    }

    /// The replicas that are asked; all agree.
    pub fn quorum(&self) -> [usize; 2] {
        QUORUMS[0]
    }

    pub fn message(&self, id: &ConversationId, seq: i64) -> Result<Message, String> {
        message(self.state, id, seq, self.quorum())
    }

    /// What the aspects of a message say.
    pub fn aspects(&self, id: &ConversationId, seq: i64) -> Result<Vec<AspectBody>, String> {
        aspects(self.state, id, seq, self.quorum())
    }

    /// The pair of a DIRECT conversation, from the side of `user`.
    pub fn direct_with(&self, id: &ConversationId, user: &'a UserId) -> Option<(&'a UserId, &UserId)> {
        let others = self.clients.users().iter();
        let mut others = others.filter(|other| ids().direct(user, other) == *id);
        others.next().map(|other| (user, other))
    }

    /// No request of a kind was answered with anything but a refusal.
    pub fn refused(&self, is_of_kind: impl Fn(&ConversationRequest) -> bool) -> Result<(), String> {
        for (request, (id, _)) in self.clients.directs.iter().filter(|(_, (_, asked))| is_of_kind(asked)) {
            let verdicts = self.state.verdicts.get(request);
            let mut outcomes = verdicts.into_iter().flat_map(|verdicts| &verdicts.conversations);
            if let Some(other) = outcomes.find(|outcome| !matches!(outcome, Outcome::Refused(_))) {
                return Err(format!("request {request} to {id} was answered {other:?}"));
            }
        }
        Ok(())
    }
}

impl Story {
    fn read(state: &State, id: ConversationId, history: History) -> Result<Self, String> {
        let stored = conversation(state, &id, QUORUMS[0])?;
        let mut sent = BTreeMap::new();
        for ((user, client_id), row) in stored.all::<Sent>() {
            if sent.insert(row.seq, (user, (client_id, row.charge))).is_some() {
                return Err(format!("two sends are message {} of {id}", row.seq));
            }
        }
        for (seq, (user, (client_id, _))) in &sent {
            let view = message(state, &id, *seq, QUORUMS[0])?;
            if view.sender.user != *user || view.client_id.as_ref() != Some(client_id) {
                return Err(format!("message {seq} of {id} has another's content"));
            }
        }
        Ok(Self { id, stored, history, sent })
    }
}

fn key<T: std::str::FromStr>(record: &Record) -> Result<T, String> {
    record.key_as().ok_or_else(|| "an event of nobody".to_owned())
}

/// What a reader keeps of a topic: in each partition every record whose cause is above the last; with the
/// offset of the command.
fn counted<'a>(state: &'a State, topic: &'static Topic) -> impl Iterator<Item = (Offset, &'a Record)> {
    (0..PARTITIONS).flat_map(move |partition| {
        let mut last: Option<Number> = None;
        state.log(topic.name, partition).iter().filter_map(move |record| {
            let cause = Envelope::read(record.headers()).ok().and_then(|envelope| envelope.cause);
            let number = cause.map(|cause| cause.number).filter(|number| Some(*number) > last)?;
            last = Some(number);
            Some((number.offset, record))
        })
    })
}

pub fn everything(state: &mut State, clients: &Clients) -> Result<(), String> {
    replicas_agree(state)?;
    let rest = Rest::read(state, clients)?;
    operations::hold(&rest)?;
    let (answered, refused) = answers_are_true(&rest)?;
    let sum = |of: &dyn Fn(&Story) -> u64| rest.stories().map(of).sum::<u64>();
    let stored = sum(&|story| story.sent.len() as u64);
    let changes = sum(&|story| story.history.changes);
    let removed =
        sum(&|story| story.history.messages.iter().filter(|w| w.removed_at.is_some()).count() as u64);
    let refunds = rest.accounts.values().flat_map(|account| &account.ledger);
    let refunds =
        refunds.filter(|(_, entry)| entry.kind == schemas::credits::LedgerKind::Refund).count() as u64;
    let statistics = &mut state.statistics;
    (statistics.stored, statistics.refunds) = (stored, refunds);
    (statistics.answered, statistics.refused) = (answered, refused);
    (statistics.changes, statistics.removed) = (changes, removed);
    Ok(())
}

fn replicas_agree(state: &State) -> Result<(), String> {
    let owners = [&ACCOUNTS, &CONVERSATIONS];
    let views = [&MESSAGES, &CONVERSATIONS_BY_USER, &BLOCKS, &REPORTS, &AUDIT, &TIMERS];
    let packs = [&STICKER_PACKS, &PUBLIC_STICKER_PACKS];
    for table in owners.into_iter().chain(views).chain(packs) {
        for partition in state.replicas.partitions(table) {
            let [one, others @ ..] = QUORUMS.map(|quorum| {
                let mut rows = state.replicas.merged(quorum, &partition);
                // Either list of keys is right: it depends on batching.
                rows.retain(|key, _| key.first() != Some(&Value::Int(rows::LAST_BATCH)));
                rows
            });
            if others.iter().any(|other| *other != one) {
                return Err(format!("replicas disagree on {partition:?}"));
            }
        }
    }
    Ok(())
}

/// Successes are stored, refusals left nothing, and what made a message was answered so. Gives how many
/// of each there are.
fn answers_are_true(rest: &Rest<'_>) -> Result<(u64, u64), String> {
    let (mut answered, mut refused) = (0, 0);
    for (request, (_, direct)) in &rest.clients.directs {
        // An account answers what it refuses, and what its conversation sends back.
        let is_final = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_) | Outcome::Done(_));
        let verdicts = rest.state.verdicts.get(request);
        if verdicts.is_none_or(|verdicts| {
            verdicts.conversations.is_empty() && !verdicts.accounts.iter().any(is_final)
        }) {
            return Err(format!("request {request}, {}: never answered", direct.name()));
        }
    }
    for (request, asked) in &rest.clients.sends {
        let wrong = |what: String| format!("request {request}: {what}");
        let verdicts = rest.state.verdicts.get(request).ok_or_else(|| wrong("never answered".to_owned()))?;
        let answer = answers::answer(verdicts).map_err(wrong)?;
        let own = (asked.user.clone(), (asked.client_id.clone(), asked.command));
        let made = rest.stories().any(|story| story.sent.values().any(|sent| *sent == own));
        match answer {
            Answer::Stored(seq) => {
                answers::is_stored(rest.state, asked, seq).map_err(wrong)?;
                answered += 1;
            }
            Answer::Refused if made => return Err(wrong("refused, and made a message".to_owned())),
            Answer::Refused => refused += 1,
            Answer::Open if made => {
                return Err(wrong(format!("made a message, and was answered {verdicts:?}")));
            }
            // A look-up of a send that came to nothing has no answer but that.
            Answer::Open if verdicts.conversations.is_empty() => {
                return Err(wrong(format!("no final answer: {verdicts:?}")));
            }
            Answer::Open => {}
        }
    }
    Ok((answered, refused))
}
