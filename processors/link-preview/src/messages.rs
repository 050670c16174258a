//! Messages with links, from the events of conversations: previews are found, and given to their conversations.
//!
//! Invariant: a repeat does no harm, as a conversation takes the previews of a text once, and those of another text never.

use async_trait::async_trait;
use domain::{features, previews as rules};
use futures::future::{join_all, try_join_all};
use platform::effects::{Effects, Failure, Unreadable};
use platform::ports::{Ports, Record};
use platform::unknown::Writer;
use schemas::flags::Flag;
use schemas::message::Message;
use schemas::position::{LogTime, Version};
use schemas::previewing::{AttachPreviews, LinkPreview};
use schemas::record::{Origin, Output, TIER_HEADER};
use schemas::topics::{EVENTS, Topic};
use schemas::{ConversationFact, ConversationId};

use crate::metrics;
use crate::previews::Previews;
use crate::rows::Rows;

pub struct Messages {
    ports: Ports,
    rows: Rows,
    previews: Previews,
}

/// A message whose text has links.
pub struct Linking {
    conversation: ConversationId,
    message: Message,
    links: Vec<String>,
    /// Rows that are at least so new know of it.
    version: Version,
    at: LogTime,
}

#[async_trait]
impl Effects for Messages {
    const NAME: &'static str = "link-preview";
    const SOURCE: &'static str = "/musclemap/link-preview";
    type Effect = Linking;

    fn topic() -> &'static Topic {
        &EVENTS
    }

    fn writer() -> Option<Writer> {
        Some(Writer::of::<domain::Conversations>())
    }

    fn effects(&self, record: &Record) -> Result<Vec<Linking>, Unreadable> {
        let fact = ConversationFact::decode(&record.value)?;
        let Some(message) = rules::previewed(&fact) else { return Ok(vec![]) };
        let links = rules::links_of(message);
        if links.is_empty() {
            return Ok(vec![]);
        }
        let cause = record.cause().ok_or_else(|| Unreadable::poison("no cause"))?;
        let conversation = record.key_as().ok_or_else(|| Unreadable::poison("malformed key"))?;
        let (message, version) = (message.clone().stored(), Version::of(cause.number.offset));
        Ok(vec![Linking { conversation, message, links, version, at: record.time }])
    }

    async fn apply(&self, all: &[&Linking]) -> Result<(), Failure> {
        join_all(all.iter().map(|linking| self.handle(linking))).await.into_iter().collect()
    }
}

impl Messages {
    pub fn new(ports: Ports, previews: Previews) -> Self {
        let rows = Rows { tables: ports.tables.clone() };
        Self { ports, rows, previews }
    }

    async fn handle(&self, linking: &Linking) -> Result<(), Failure> {
        metrics::message(self.attach(linking).await?);
        Ok(())
    }

    async fn attach(&self, linking: &Linking) -> Result<metrics::Message, Failure> {
        let Linking { conversation, message, links, version, at } = linking;
        if self.ports.clock.now() - at > rules::LATE_MS {
            return Ok(metrics::Message::Late);
        }
        let sender = message.sender_id();
        let (policy, tier) = (self.rows.policy().await?, self.rows.tier(sender).await?);
        let is_on = |policy| features::is_on(policy, Flag::LinkPreviews, sender, tier.as_ref());
        if !policy.as_ref().is_some_and(is_on) {
            return Ok(metrics::Message::Off);
        }
        if !self.rows.waits(conversation, message, *version).await? {
            return Ok(metrics::Message::Passed);
        }
        let found = try_join_all(links.iter().map(|link| self.previews.of(link))).await?;
        let previews: Vec<LinkPreview> = found.into_iter().flatten().collect();
        if previews.is_empty() {
            return Ok(metrics::Message::Nothing);
        }
        let request = AttachPreviews { message: Box::new(message.clone()), previews }.into();
        let conversation = conversation.clone();
        let command = Output::ToConversation { conversation, request, reply: None, charge: None };
        let origin = Origin::client(self.ports.clock.now(), None);
        let mut record = command.record(&Origin { source: Self::SOURCE, ..origin });
        // The conversation asks the same flag of the same sender.
        record.headers.extend(tier.map(|tier| (TIER_HEADER, tier.as_str().into())));
        self.ports.log.enqueue(record).await?.await?;
        Ok(metrics::Message::Attached)
    }
}
