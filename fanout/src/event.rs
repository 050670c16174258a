//! An event as a node holds it: filtered by key and header before it is decoded, decoded once.
//!
//! Invariant: what a record delivers is fixed when it enters the hubs, so every viewer's answers belong to
//! the same fact in the same state of completion.

pub mod completed;

use std::sync::{Arc, OnceLock};

use graphql::live::{ConversationDelivery, Delivery, Payloads};
use platform::ports::Record;
use schemas::avro::{self, DecodeError};
use schemas::position::{LogTime, Number, Offset};
use schemas::record::{USERS_HEADER, event_time};
use schemas::topics::{EVENTS, Topic};
use schemas::{AccountFact, ConversationFact, ConversationId, UserId};

use crate::lanes::{Lane, Lanes};
use crate::metrics;

pub use completed::{AsOf, Completed};

/// The key of an event: the conversation or the account that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum About {
    Conversation(ConversationId),
    User(UserId),
}

/// A record of an event lane.
pub struct Event {
    pub lane: Lane,
    pub offset: Offset,
    /// Which output of which command this is.
    pub number: Number,
    pub about: About,
    /// Users whose memberships or blocks it changes.
    pub users: Vec<UserId>,
    pub bytes: usize,
    record: Record,
    completed: OnceLock<Option<Completed>>,
}

/// What stands at an offset of a lane: an event, or a record that is none.
pub struct Entry {
    pub offset: Offset,
    pub event: Option<Arc<Event>>,
}

/// An event under a schema that is no fact of its machine in this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown schema {schema}")]
pub struct Unknown {
    pub lane: Lane,
    pub offset: Offset,
    /// The command that caused it.
    pub number: Number,
    pub schema: u32,
}

impl Entry {
    /// A malformed record is poison; one under an unknown schema is the caller's to judge.
    pub fn read(lanes: Lanes, lane: Lane, record: Record) -> Result<Self, Unknown> {
        let offset = record.offset;
        match Event::read(lanes.topic(lane), lane, record) {
            Ok(event) => Ok(Self { offset, event: Some(Arc::new(event)) }),
            Err(Malformed::Schema(schema, number)) => Err(Unknown { lane, offset, number, schema }),
            Err(error) => Ok(Self::poison(lane, offset, &error)),
        }
    }

    /// A record that is no event: counted, logged, and passed over.
    pub fn poison(lane: Lane, offset: Offset, reason: &dyn std::fmt::Display) -> Self {
        metrics::UNREADABLE.inc();
        tracing::warn!(lane = lane.0, offset, %reason, "malformed event");
        Self { offset, event: None }
    }
}

#[derive(Debug, thiserror::Error)]
enum Malformed {
    #[error("no cause")]
    Cause,
    #[error("malformed key")]
    Key,
    #[error(transparent)]
    Value(#[from] DecodeError),
    #[error("unknown schema {0}")]
    Schema(u32, Number),
}

impl Event {
    fn read(topic: &'static Topic, lane: Lane, record: Record) -> Result<Self, Malformed> {
        let number = record.cause().ok_or(Malformed::Cause)?.number;
        let key = record.key_text().ok_or(Malformed::Key)?;
        let schema = avro::schema_id(&record.value)?;
        let (about, is_known) = if topic == &EVENTS {
            let conversation = key.parse().map_err(|_| Malformed::Key)?;
            (About::Conversation(conversation), ConversationFact::knows(schema))
        } else {
            (About::User(key.parse().map_err(|_| Malformed::Key)?), AccountFact::knows(schema))
        };
        if !is_known {
            return Err(Malformed::Schema(schema, number));
        }
        let users = record.header(USERS_HEADER).and_then(|users| std::str::from_utf8(users).ok());
        let users = users.into_iter().flat_map(|users| users.split(','));
        Ok(Self {
            lane,
            offset: record.offset,
            number,
            about,
            users: users.filter_map(|user| user.parse().ok()).collect(),
            bytes: record.value.len() + 256,
            record,
            completed: OnceLock::new(),
        })
    }

    /// When it was appended, by the log's clock.
    pub fn time(&self) -> LogTime {
        self.record.time
    }

    /// What it delivers; decoded when first asked. `None` if it cannot be decoded.
    pub fn completed(&self) -> Option<&Completed> {
        self.completed.get_or_init(|| self.decode().map(Completed::alone)).as_ref()
    }

    /// Fixes what it delivers, unless that is fixed already; `None` for an event that cannot be decoded.
    pub fn complete(&self, completed: Option<Completed>) {
        let _ = self.completed.set(completed);
    }

    /// The filters for which it has a payload.
    pub fn payloads(&self) -> Payloads {
        self.completed().map(|completed| completed.payloads).unwrap_or_default()
    }

    /// What its record says, without anything that completes it.
    pub fn decode(&self) -> Option<Delivery> {
        let value = &self.record.value;
        let decoded = match &self.about {
            About::Conversation(conversation) => ConversationFact::decode(value).map(|fact| {
                let (conversation, at) = (conversation.clone(), self.at());
                Delivery::Conversation(ConversationDelivery {
                    conversation,
                    at,
                    fact,
                    people: None,
                    completed: Arc::default(),
                })
            }),
            About::User(_) => AccountFact::decode(value).map(Delivery::Account),
        };
        decoded
            .inspect_err(|error| {
                metrics::UNREADABLE.inc();
                tracing::warn!(lane = self.lane.0, offset = self.offset, %error, "undecodable event");
            })
            .ok()
    }

    /// Log time of its command; that of its own append if the header is missing.
    fn at(&self) -> LogTime {
        event_time(self.record.headers()).unwrap_or(self.record.time)
    }
}
