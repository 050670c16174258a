//! Completion: the rows that a rendering needs, read by the node once for all viewers who share it.
//!
//! Invariants: a live event waits for its rows for 200 ms at most, then enters without them; a replayed message
//! is read for each replay, so deleted content is never replayed; people that a replay has read are shared by all
//! replays within a second, and are at most that old.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::delivery::{self, Replay};
use futures::future::{try_join, try_join_all};
use futures::{StreamExt, stream};
use graphql::Rows;
use graphql::live::{ConversationDelivery, Delivery};
use graphql::message::polls::counts;
use graphql::message::reactions;
use graphql::people::People;
use graphql::rows::{Aspects, Voters, Written};
use platform::ports::{Tables, TablesError};
use schemas::message::Message;
use schemas::polling::{Poll, Tally};
use schemas::position::{LogTime, Offset};
use schemas::{ConversationFact, ConversationId, Refusal};
use tokio::time::{Instant, sleep, timeout_at};

use crate::event::{AsOf, Completed, Event, completed};
use crate::lanes::Lane;
use crate::single_flight::SingleFlight;

/// How long live events wait for their rows.
const WITHIN: Duration = Duration::from_millis(200);
/// Conversations that are read at once for one batch.
const AT_ONCE: usize = 32;
/// How long people who were read for a replay may be used, in milliseconds.
const FRESH_MS: LogTime = 1_000;
/// How often the rows of a poll are read until they agree, and how long after each other.
const MOST_READS: usize = 100;
const READ_AGAIN: Duration = Duration::from_millis(10);
const KEPT_BYTES: usize = 4 * 1024 * 1024;

pub struct Completions {
    rows: Rows,
    kept: SingleFlight<Key, Arc<Completed>, TablesError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    lane: Lane,
    offset: Offset,
    purpose: Purpose,
    /// Periods of [`FRESH_MS`] until it was read.
    period: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Purpose {
    /// The fact as published, with its people.
    Complete,
    /// The message as the command at this offset left it.
    Replay(Offset),
}

impl Completions {
    pub fn new(tables: Arc<dyn Tables>) -> Self {
        Self { rows: Rows::new(tables), kept: SingleFlight::new(KEPT_BYTES, |kept| kept.bytes()) }
    }

    /// Completes events of one batch before they enter the hubs: one read for each conversation.
    pub async fn complete(&self, events: &[&Arc<Event>]) {
        let deadline = Instant::now() + WITHIN;
        let mut waiting: HashMap<ConversationId, Vec<(&Event, ConversationDelivery)>> = HashMap::new();
        for event in events {
            match event.decode() {
                Some(Delivery::Conversation(published)) if delivery::completes(&published.fact).is_some() => {
                    waiting.entry(published.conversation.clone()).or_default().push((event, published));
                }
                decoded => event.complete(decoded.map(Completed::alone)),
            }
        }
        let mut reads = Vec::with_capacity(waiting.len());
        for (conversation, events) in waiting {
            reads.push(self.read(conversation, events, deadline));
        }
        stream::iter(reads).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Completes events of one conversation, if its rows can be read in time.
    async fn read(
        &self,
        conversation: ConversationId,
        events: Vec<(&Event, ConversationDelivery)>,
        deadline: Instant,
    ) {
        let facts: Vec<&ConversationFact> = events.iter().map(|(_, published)| &published.fact).collect();
        let read = try_join(self.people(&conversation, &facts), self.all_aspects(&conversation, &facts));
        let read = timeout_at(deadline, read).await;
        let read = read.unwrap_or_else(|_| Err(TablesError::Unavailable("no answer in time".to_owned())));
        if let Err(error) = &read {
            tracing::warn!(%error, events = events.len(), "events enter without their rows");
        }
        // One for each event, as each has a message.
        let (people, aspects) = match read {
            Ok((people, aspects)) => (Some(people), aspects),
            Err(_) => (None, vec![Arc::default(); events.len()]),
        };
        for ((event, published), aspects) in events.into_iter().zip(aspects) {
            let published = Delivery::Conversation(published);
            event.complete(Some(match &people {
                Some(people) => Completed::with_people(published, people.clone(), aspects, AsOf::Event),
                None => Completed::alone(published),
            }));
        }
    }

    /// An event that entered without its rows, completed now; `None` if it stands as it is.
    pub async fn late(&self, event: &Event, now: LogTime) -> Result<Option<Arc<Completed>>, TablesError> {
        let incomplete = event.completed().filter(|known| known.as_of == AsOf::Incomplete);
        let published = incomplete.and_then(|known| known.delivery.conversation());
        let Some(published) = published else { return Ok(None) };
        let make = async || self.with_people(published, published.fact.clone(), AsOf::Event).await;
        self.kept.get_or_make(key(event, Purpose::Complete, now), make).await.map(Some)
    }

    /// What a client that missed an event gets of it; `None` if that is the event as it is.
    pub async fn replayed(&self, event: &Event, now: LogTime) -> Result<Option<Arc<Completed>>, TablesError> {
        let published = event.completed().and_then(|known| known.delivery.conversation());
        let Some(published) = published else { return Ok(None) };
        let message = match delivery::replay(&published.fact) {
            Replay::AsPublished => return self.late(event, now).await,
            Replay::Newest(message) => message,
        };
        let newest = self.newest(&published.conversation, message, event.number.offset).await?;
        let Some((message, as_of)) = newest else { return Ok(None) };
        let make = async || {
            let fact = delivery::with_newest(&published.fact, message);
            self.with_people(published, fact, AsOf::Row(as_of)).await
        };
        self.kept.get_or_make(key(event, Purpose::Replay(as_of), now), make).await.map(Some)
    }

    async fn with_people(
        &self,
        published: &ConversationDelivery,
        fact: ConversationFact,
        as_of: AsOf,
    ) -> Result<Arc<Completed>, TablesError> {
        let (id, facts) = (&published.conversation, [&fact]);
        let read = try_join(self.people(id, &facts), self.all_aspects(id, &facts));
        let (people, mut aspects) = read.await?;
        let aspects = aspects.pop().unwrap_or_default();
        let delivery = ConversationDelivery { fact, ..published.clone() };
        Ok(Arc::new(Completed::with_people(Delivery::Conversation(delivery), people, aspects, as_of)))
    }

    /// A message of the command at `offset`, if its row or that of the message it answers is newer; with the
    /// newest command that wrote them.
    ///
    /// The event of a reply carries the text that it answers, which may have been deleted since.
    async fn newest(
        &self,
        conversation: &ConversationId,
        published: &Message,
        offset: Offset,
    ) -> Result<Option<(Message, Offset)>, TablesError> {
        let row = self.row(conversation, published.seq).await?;
        let row = row.filter(|(_, written)| *written > offset);
        let mut as_of = row.as_ref().map(|(_, written)| *written);
        let mut message = row.map_or_else(|| published.clone(), |(written, _)| written.core);
        if let Some(stub) = &mut message.reply_to
            && let Some((parent, written)) = self.row(conversation, stub.seq).await?
            && (written > offset || stub.content.is_none())
        {
            **stub = parent.core.stub();
            as_of = as_of.max(Some(written));
        }
        Ok(as_of.map(|as_of| (message, as_of)))
    }

    /// A message, and the offset of the command that last wrote one of its rows.
    async fn row(
        &self,
        conversation: &ConversationId,
        seq: i64,
    ) -> Result<Option<(Written, Offset)>, TablesError> {
        let row = self.rows.versioned_message(conversation, seq).await.map_err(unread)?;
        Ok(row.map(|row| (row.value, row.version.offset())))
    }

    /// What has become of the message of each of these facts, with everyone who reacted and voted.
    async fn all_aspects(
        &self,
        conversation: &ConversationId,
        facts: &[&ConversationFact],
    ) -> Result<Vec<Arc<reactions::Completed>>, TablesError> {
        let about = facts.iter().filter_map(|fact| Some((completed::message(fact)?, delivery::tally(fact))));
        try_join_all(about.map(|(message, told)| self.aspects(conversation, message, told))).await
    }

    /// Nothing becomes of a message that was removed.
    async fn aspects(
        &self,
        conversation: &ConversationId,
        message: &Message,
        told: Option<&Tally>,
    ) -> Result<Arc<reactions::Completed>, TablesError> {
        if message.body.removed_at().is_some() {
            return Ok(Arc::default());
        }
        let (aspects, voters) = match message.body.poll() {
            Some(poll) => self.votes(conversation, message.seq, poll, told).await?,
            None => (self.newest_aspects(conversation, message.seq).await?.unwrap_or_default(), Some(vec![])),
        };
        let mut reactors = Some(vec![]);
        if !aspects.reactions.groups.is_empty() {
            let (all, is_all) = self.rows.by_everyone(conversation, message.seq).await.map_err(unread)?;
            reactors = is_all.then_some(all);
        }
        Ok(Arc::new(reactions::Completed { aspects, reactors, voters }))
    }

    /// The aspects of a message; none of one that was removed since.
    async fn newest_aspects(
        &self,
        conversation: &ConversationId,
        seq: i64,
    ) -> Result<Option<Aspects>, TablesError> {
        let written = self.rows.message(conversation, seq).await.map_err(unread)?;
        let standing = written.filter(|written| written.core.body.removed_at().is_none());
        Ok(standing.map(|written| written.aspects))
    }

    /// The aspects of a poll with its votes, as one decision left them. An event is published before its rows are
    /// written, and rows are read one after the other, so they are read again until they agree.
    async fn votes(
        &self,
        conversation: &ConversationId,
        seq: i64,
        poll: &Poll,
        told: Option<&Tally>,
    ) -> Result<(Aspects, Option<Voters>), TablesError> {
        for _ in 0..MOST_READS {
            let Some(aspects) = self.newest_aspects(conversation, seq).await? else {
                return Ok((Aspects::default(), Some(vec![])));
            };
            let (voters, is_all): (Voters, bool) =
                self.rows.by_everyone(conversation, seq).await.map_err(unread)?;
            let is_told = told.is_none_or(|told| aspects.tally.changes >= told.changes);
            let mut counted = aspects.tally.votes.clone();
            counted.resize(poll.options.len(), 0);
            if is_told && (!is_all || counts(&voters, poll.options.len()) == counted) {
                return Ok((aspects, is_all.then_some(voters)));
            }
            sleep(READ_AGAIN).await;
        }
        Err(TablesError::Unavailable("the votes of an event are not written yet".to_owned()))
    }

    /// Members with their marks; former members too, if a message of one of the facts went to any.
    async fn people(
        &self,
        conversation: &ConversationId,
        facts: &[&ConversationFact],
    ) -> Result<Arc<People>, TablesError> {
        let mut people = self.rows.conversation(conversation).await.map_err(unread)?.people;
        let mut messages = facts.iter().filter_map(|fact| completed::message(fact));
        if !messages.all(|message| people.is_complete_for(message)) {
            people.former = self.rows.former(conversation).await.map_err(unread)?;
        }
        Ok(Arc::new(people))
    }
}

pub(crate) fn unread(refusal: Refusal) -> TablesError {
    TablesError::Unavailable(refusal.detail)
}

fn key(event: &Event, purpose: Purpose, now: LogTime) -> Key {
    Key { lane: event.lane, offset: event.offset, purpose, period: now / FRESH_MS }
}

#[cfg(test)]
mod tests;
