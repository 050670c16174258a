//! An event as a node holds it: filtered before it is decoded, decoded once.

use std::sync::{Arc, OnceLock};

use graphql::live::Live;
use platform::ports::Record;
use schemas::account::{AccountEvent, AccountFact};
use schemas::avro;
use schemas::conversation::{BlocksChanged, ConversationEvent, ConversationFact};
use schemas::message::USERS_HEADER;
use schemas::position::{Cause, LogTime, Number, Offset};
use schemas::topics::{EVENTS, Topic};
use schemas::{ConversationId, UserId};

use crate::lanes::{Lane, Lanes};
use crate::metrics;

/// Whom an event may concern.
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
    decoded: OnceLock<Decoded>,
}

#[derive(Default)]
struct Decoded {
    live: Option<Arc<Live>>,
    blocks: Option<BlocksChanged>,
}

/// What stands at an offset of a lane: an event, or something that is none.
pub struct Entry {
    pub offset: Offset,
    pub event: Option<Arc<Event>>,
}

impl Entry {
    /// What is no event is counted and passed over.
    pub fn read(lanes: Lanes, lane: Lane, record: Record) -> Self {
        let offset = record.offset;
        match Event::read(lanes.topic(lane), lane, record) {
            Ok(event) => Self { offset, event: Some(Arc::new(event)) },
            Err(error) => {
                metrics::UNREADABLE.inc();
                tracing::warn!(lane = lane.0, offset, %error, "malformed event");
                Self { offset, event: None }
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    #[error("no cause")]
    Cause,
    #[error("key names nobody")]
    Key,
}

impl Event {
    fn read(topic: &'static Topic, lane: Lane, record: Record) -> Result<Self, Malformed> {
        let cause = record.header(Cause::HEADER).ok_or(Malformed::Cause)?;
        let cause = Cause::from_header(cause).map_err(|_| Malformed::Cause)?;
        let key = record.key_text().ok_or(Malformed::Key)?;
        let about = if topic == &EVENTS {
            About::Conversation(key.parse().map_err(|_| Malformed::Key)?)
        } else {
            About::User(key.parse().map_err(|_| Malformed::Key)?)
        };
        let users = record.header(USERS_HEADER).and_then(|users| std::str::from_utf8(users).ok());
        let users = users.into_iter().flat_map(|users| users.split(','));
        Ok(Self {
            lane,
            offset: record.offset,
            number: cause.number,
            about,
            users: users.filter_map(|user| user.parse().ok()).collect(),
            bytes: record.value.len() + 256,
            record,
            decoded: OnceLock::new(),
        })
    }

    /// When it was appended, by the log's clock.
    pub fn time(&self) -> LogTime {
        self.record.time
    }

    /// What it delivers, if anything; decoded when first asked.
    pub fn live(&self) -> Option<&Arc<Live>> {
        self.decoded().live.as_ref()
    }

    /// Whether it is a message that answers another.
    pub fn answers(&self) -> bool {
        matches!(self.live().map(|live| &**live), Some(Live::Message { message, .. }) if message.reply_to.is_some())
    }

    /// What it says stands between two users.
    pub fn blocks(&self) -> Option<&BlocksChanged> {
        self.decoded().blocks.as_ref()
    }

    fn decoded(&self) -> &Decoded {
        self.decoded.get_or_init(|| {
            decode(&self.about, &self.record.value).unwrap_or_else(|error| {
                metrics::UNREADABLE.inc();
                tracing::warn!(lane = self.lane.0, offset = self.offset, %error, "undecodable event");
                Decoded::default()
            })
        })
    }
}

fn decode(about: &About, value: &[u8]) -> Result<Decoded, avro::DecodeError> {
    let live = match about {
        About::Conversation(_) => {
            let ConversationEvent { conversation, at, body } = avro::decode(value)?;
            match body {
                ConversationFact::ConversationOpened(opened) => Live::Opened { conversation, at, opened },
                ConversationFact::MessagePosted(posted) => {
                    Live::Message { conversation, message: posted.message }
                }
                ConversationFact::MessageDeleted(deleted) => {
                    Live::Deleted { conversation, message: deleted.message }
                }
                ConversationFact::MembersChanged(changed) => Live::Members { conversation, changed },
                ConversationFact::ReceiptAdvanced(receipt) => Live::Receipt { conversation, at, receipt },
                ConversationFact::BlocksChanged(blocks) => {
                    return Ok(Decoded { blocks: Some(blocks), live: None });
                }
            }
        }
        About::User(_) => match avro::decode::<AccountEvent>(value)?.body {
            AccountFact::SendRejected(rejected) => Live::SendRejected(rejected),
            AccountFact::CreditsChanged(_) => return Ok(Decoded::default()),
        },
    };
    Ok(Decoded { live: Some(Arc::new(live)), blocks: None })
}
