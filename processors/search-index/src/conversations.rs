//! Messages and conversations, from the events of conversations.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::indexing::{self, Indexed};
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::Record;
use platform::unknown::Writer;
use schemas::position::Version;
use schemas::search::{Change, MESSAGES};
use schemas::topics::{EVENTS, Topic};
use schemas::{ConversationFact, ConversationId};

use crate::Indexer;

pub struct Conversations(pub Indexer);

pub enum Effect {
    Message(Change),
    /// The conversation is to be indexed from rows that are at least so new.
    Conversation(ConversationId, Version),
}

#[async_trait]
impl Effects for Conversations {
    const NAME: &'static str = "search-index";
    const SOURCE: &'static str = "/musclemap/search-index";
    type Effect = Effect;

    fn topic() -> &'static Topic {
        &EVENTS
    }

    fn writer() -> Option<Writer> {
        Some(Writer::of::<domain::Conversations>())
    }

    fn effects(&self, record: &Record) -> Result<Vec<Effect>, Unreadable> {
        let cause = record.cause().ok_or_else(|| Unreadable::poison("no cause"))?;
        let version = Version::of(cause.number.offset);
        let id: ConversationId = record.key_as().ok_or_else(|| Unreadable::poison("malformed key"))?;
        let fact = ConversationFact::decode(&record.value)?;
        Ok(match indexing::indexed(&fact) {
            Indexed::Message(message) => vec![Effect::Message(indexing::message(&id, message, version))],
            Indexed::Conversation => vec![Effect::Conversation(id, version)],
            Indexed::Nothing => vec![],
        })
    }

    async fn apply(&self, effects: &[&Effect]) -> Result<(), Failure> {
        let (mut messages, mut conversations) = (vec![], BTreeMap::new());
        for effect in effects {
            match effect {
                Effect::Message(change) => messages.push(change.clone()),
                Effect::Conversation(id, version) => {
                    let newest = conversations.entry(id.clone()).or_insert(*version);
                    *newest = (*newest).max(*version);
                }
            }
        }
        self.0.write(&MESSAGES, &messages).await?;
        self.0.conversations(&conversations).await
    }
}
