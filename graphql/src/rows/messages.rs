//! Rows of messages: each with its aspects.

use std::collections::{BTreeMap, BTreeSet};

use platform::ports::{Range, Row};
use schemas::avro::Record;
use schemas::message::Message;
use schemas::pinning::Pinned;
use schemas::polling::{Tally, Voted};
use schemas::position::Version;
use schemas::previewing::Previews;
use schemas::reacting::{Reacted, Reactions};
use schemas::rows::{Keyed, RowKey};
use schemas::tables::views::{AspectBody, MESSAGES_PER_BUCKET, MessageRow, OfMessage};
use schemas::tables::{CONVERSATIONS, MESSAGES, Value};
use schemas::{ConversationId, Refusal, UserId};

use super::{MAX_KEYS, Pages, Rows, Versioned, keyed, malformed};
use crate::error::tables_error;

/// Numbers `from..=to`; empty if `from` is above `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: i64,
}

/// A message with what has become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub core: Message,
    pub aspects: Aspects,
}

/// What changes after a message was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aspects {
    pub reactions: Reactions,
    pub pin: Option<Pinned>,
    pub tally: Tally,
    pub previews: Previews,
}

impl Aspects {
    fn put(&mut self, body: AspectBody) {
        match body {
            AspectBody::Reactions(reactions) => self.reactions = reactions,
            AspectBody::Pin(aspect) => self.pin = aspect.pin,
            AspectBody::Poll(tally) => self.tally = tally,
            AspectBody::Previews(previews) => self.previews = previews,
        }
    }
}

impl Written {
    /// A message that nothing has become of.
    pub fn new(core: Message) -> Self {
        Self { core, aspects: Aspects::default() }
    }
}

/// The most users of whom it is read what they did to one message.
const MAX_USERS: usize = 1_000;
/// Messages of one read by their numbers, each with all its rows.
const MESSAGES_AT_ONCE: usize = MAX_KEYS / OfMessage::ROWS;

/// A row of a conversation by number and user: what the user did to the message.
pub trait DoneToMessage: Keyed<Key = (i64, UserId)> + Record {}

impl DoneToMessage for Reacted {}
impl DoneToMessage for Voted {}

/// Users with their reactions to one message.
pub type Reactors = Vec<(UserId, Reacted)>;

/// Users with their votes in one poll, by id.
pub type Voters = Vec<(UserId, Voted)>;

impl Rows {
    /// A message with the highest version of its rows, if it is stored.
    pub async fn versioned_message(
        &self,
        id: &ConversationId,
        seq: i64,
    ) -> Result<Option<Versioned<Written>>, Refusal> {
        let partition = MessageRow::partition(id, seq);
        let rows =
            self.tables.get(&MESSAGES, &partition, &OfMessage::keys(seq)).await.map_err(tables_error)?;
        let version = rows.iter().map(|row| row.version).max().unwrap_or(Version::of(0));
        let value = written(&rows)?.pop();
        Ok(value.map(|value| Versioned { version, value }))
    }

    /// The same without the version.
    pub async fn message(&self, id: &ConversationId, seq: i64) -> Result<Option<Written>, Refusal> {
        Ok(self.versioned_message(id, seq).await?.map(|row| row.value))
    }

    /// The messages of a window, in order.
    pub async fn messages(&self, id: &ConversationId, window: Window) -> Result<Vec<Written>, Refusal> {
        let mut messages = Vec::new();
        let mut from = window.from;
        while from <= window.to {
            let to = window.to.min((from / MESSAGES_PER_BUCKET + 1) * MESSAGES_PER_BUCKET - 1);
            let bounds = (vec![Value::BigInt(from)], vec![Value::BigInt(to)]);
            let pages = Pages::between(&*self.tables, &MESSAGES, MessageRow::partition(id, from), bounds);
            messages.extend(written(&pages.all().await.map_err(tables_error)?)?);
            from = to + 1;
        }
        Ok(messages)
    }

    /// Messages by their numbers, as far as they are stored, in the order of the numbers.
    pub async fn numbered(&self, id: &ConversationId, seqs: &[i64]) -> Result<Vec<Written>, Refusal> {
        let mut by_bucket: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for seq in seqs {
            by_bucket.entry(seq / MESSAGES_PER_BUCKET).or_default().insert(*seq);
        }
        let mut messages = Vec::new();
        for (bucket, seqs) in by_bucket {
            let partition = MessageRow::partition(id, bucket * MESSAGES_PER_BUCKET);
            let seqs: Vec<i64> = seqs.into_iter().collect();
            for seqs in seqs.chunks(MESSAGES_AT_ONCE) {
                let keys: Vec<Vec<Value>> = seqs.iter().flat_map(|seq| OfMessage::keys(*seq)).collect();
                let rows = self.tables.get(&MESSAGES, &partition, &keys).await.map_err(tables_error)?;
                messages.extend(written(&rows)?);
            }
        }
        Ok(messages)
    }

    /// What users did to a message, by user, and whether these are all; of at most 1,000 users.
    pub async fn by_everyone<T: DoneToMessage>(
        &self,
        id: &ConversationId,
        seq: i64,
    ) -> Result<(Vec<(UserId, T)>, bool), Refusal> {
        // No byte of a user's id is above this one.
        let [from, to] = [&[][..], &[0xff]].map(|end| [&seq.to_be_bytes(), end].concat());
        let [from, to] = [from, to].map(|key| vec![Value::Int(T::KIND), Value::blob(&key)]);
        let partition = [Value::text(id.as_str())];
        let range = Range { from, to, limit: MAX_USERS, ..Range::default() };
        let page = self.tables.range(&CONVERSATIONS, &partition, range).await.map_err(tables_error)?;
        let found = keyed::<T>(&page.rows)?.into_iter().map(|((_, user), done)| (user, done));
        Ok((found.collect(), page.next.is_none()))
    }

    /// What one user did to messages, by number.
    pub async fn by_user<T: DoneToMessage>(
        &self,
        id: &ConversationId,
        user: &UserId,
        seqs: &[i64],
    ) -> Result<BTreeMap<i64, T>, Refusal> {
        let keys: Vec<RowKey> = seqs.iter().map(|seq| RowKey::of::<T>(&(*seq, user.clone()))).collect();
        let rows = self.conversation_rows(id, &keys).await?;
        Ok(keyed::<T>(&rows)?.into_iter().map(|((seq, _), done)| (seq, done)).collect())
    }
}

/// The messages of some rows, in order. An aspect without its message says nothing.
fn written(rows: &[Row]) -> Result<Vec<Written>, Refusal> {
    let mut found: BTreeMap<i64, (Option<Message>, Aspects)> = BTreeMap::new();
    for row in rows {
        let (seq, of) = OfMessage::from_row(&row.key, &row.columns).map_err(malformed)?;
        let (core, aspects) = found.entry(seq).or_default();
        match of {
            OfMessage::Core(message) => *core = Some(*message),
            OfMessage::Aspect(body) => aspects.put(body),
        }
    }
    let whole = found.into_values().filter_map(|(core, aspects)| Some(Written { core: core?, aspects }));
    Ok(whole.collect())
}
