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
use graphql::message::reactions;
use graphql::people::People;
use graphql::rows::Written;
use platform::ports::{Tables, TablesError};
use schemas::message::Message;
use schemas::position::{LogTime, Offset};
use schemas::{ConversationFact, ConversationId, Refusal};
use tokio::time::{Instant, timeout_at};

use crate::event::{AsOf, Completed, Event, completed};
use crate::lanes::Lane;
use crate::single_flight::SingleFlight;

/// How long live events wait for their rows.
const WITHIN: Duration = Duration::from_millis(200);
/// Conversations that are read at once for one batch.
const AT_ONCE: usize = 32;
/// How long people who were read for a replay may be used, in milliseconds.
const FRESH_MS: LogTime = 1_000;
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
        let messages: Vec<&Message> =
            events.iter().filter_map(|(_, published)| completed::message(&published.fact)).collect();
        let read =
            try_join(self.people(&conversation, &messages), self.all_aspects(&conversation, &messages));
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
        let messages: Vec<&Message> = completed::message(&fact).into_iter().collect();
        let read = try_join(
            self.people(&published.conversation, &messages),
            self.all_aspects(&published.conversation, &messages),
        );
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

    /// What has become of each of these messages, with everyone who reacted.
    async fn all_aspects(
        &self,
        conversation: &ConversationId,
        messages: &[&Message],
    ) -> Result<Vec<Arc<reactions::Completed>>, TablesError> {
        let read = messages.iter().map(|message| self.aspects(conversation, message));
        try_join_all(read).await
    }

    /// Nothing becomes of a message that was removed.
    async fn aspects(
        &self,
        conversation: &ConversationId,
        message: &Message,
    ) -> Result<Arc<reactions::Completed>, TablesError> {
        if message.body.removed_at().is_some() {
            return Ok(Arc::default());
        }
        let written = self.rows.message(conversation, message.seq).await.map_err(unread)?;
        let aspects = written.map(|written| written.aspects).unwrap_or_default();
        if aspects.reactions.groups.is_empty() {
            return Ok(Arc::new(reactions::Completed { aspects, reactors: Some(vec![]) }));
        }
        let (reactors, is_all) = self.rows.reactors(conversation, message.seq).await.map_err(unread)?;
        Ok(Arc::new(reactions::Completed { aspects, reactors: is_all.then_some(reactors) }))
    }

    /// Members with their marks; former members too, if one of the messages went to any.
    async fn people(
        &self,
        conversation: &ConversationId,
        messages: &[&Message],
    ) -> Result<Arc<People>, TablesError> {
        let mut people = self.rows.conversation(conversation).await.map_err(unread)?.people;
        if !messages.iter().all(|message| people.is_complete_for(message)) {
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
