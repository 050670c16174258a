//! Reads of one request, for its viewer.

use std::sync::Arc;

use domain::access::Seen;
use futures::future::try_join;
use schemas::code::Refusal;
use schemas::message::Message;
use schemas::position::LogTime;
use schemas::{ConversationId, MessageId, UserId};

use super::{BlockList, ConversationSight, Reads, Rights};
use crate::people::People;
use crate::rows::Written;

/// The reads of a request with what it has read of its viewer's rights.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    pub reads: &'a Reads,
    pub rights: &'a Rights,
    pub viewer: &'a UserId,
}

impl Access<'_> {
    pub fn now(&self) -> LogTime {
        self.reads.now()
    }

    /// The blocks between the viewer and others.
    pub async fn blocks(&self) -> Result<Arc<BlockList>, Refusal> {
        let cell = self.rights.blocks();
        let read = async || Ok(Arc::new(self.reads.blocks(self.viewer).await?));
        cell.get_or_try_init(read).await.cloned()
    }

    /// The viewer's sight of a conversation, which may be none.
    pub async fn sight(&self, id: &ConversationId) -> Result<Arc<ConversationSight>, Refusal> {
        let known = self.rights.conversation(id);
        let read = async || {
            let rows = self.reads.member(self.viewer, id);
            let (blocks, rows) = try_join(self.blocks(), rows).await?;
            Ok(Arc::new(ConversationSight::new(id.clone(), rows, blocks)))
        };
        known.sight.get_or_try_init(read).await.cloned()
    }

    /// The same of a conversation that a row of the viewer's names.
    pub async fn listed(&self, id: &ConversationId) -> Result<Arc<ConversationSight>, Refusal> {
        let known = self.rights.conversation(id);
        let read = async || {
            let (blocks, rows) = try_join(self.blocks(), self.reads.rows.member(id, self.viewer)).await?;
            Ok(Arc::new(ConversationSight::new(id.clone(), rows.value, blocks)))
        };
        known.sight.get_or_try_init(read).await.cloned()
    }

    /// The viewer's sight of a conversation that they are in; NOT_FOUND for any other.
    pub async fn visible(&self, id: &ConversationId) -> Result<Arc<ConversationSight>, Refusal> {
        let sight = self.sight(id).await?;
        sight.interval().map(|_| ())?;
        Ok(sight)
    }

    /// The core of a message that the viewer sees; NOT_FOUND for any other.
    pub async fn message(&self, id: &MessageId) -> Result<Message, Refusal> {
        Ok(self.written(id).await?.core)
    }

    /// A message that the viewer sees; NOT_FOUND for any other.
    pub async fn written(&self, id: &MessageId) -> Result<Written, Refusal> {
        self.find_written(id).await?.ok_or_else(Refusal::not_found)
    }

    /// A message, if the viewer sees it.
    pub async fn find_written(&self, id: &MessageId) -> Result<Option<Written>, Refusal> {
        let sight = self.sight(&id.conversation).await?;
        if !sight.sight().reaches(id.seq) {
            return Ok(None);
        }
        let message = self.reads.rows.message(&id.conversation, id.seq).await?;
        Ok(message.filter(|message| sight.sight().sees(Seen::message(&message.core))))
    }

    /// Whether a conversation is the DIRECT one with another user.
    pub fn is_with(&self, sight: &ConversationSight, other: &UserId) -> bool {
        self.reads.ids.direct(self.viewer, other) == *sight.id()
    }

    /// Whether a block stands between the two of a DIRECT conversation.
    pub fn is_cut_off(&self, sight: &ConversationSight) -> bool {
        sight.is_direct() && sight.blocks().standing().any(|other| self.is_with(sight, other))
    }

    /// Whether blocks may hide something that the viewer's interval holds: of a member, present or former,
    /// between whom and the viewer a block stood since the viewer joined.
    pub async fn is_touched(&self, sight: &ConversationSight) -> Result<bool, Refusal> {
        let known = self.rights.conversation(sight.id());
        let look = async || {
            let since = sight.member()?.joined_at;
            let others: Vec<&UserId> = sight.blocks().since(since).collect();
            if sight.is_direct() {
                return Ok(others.iter().any(|other| self.is_with(sight, other)));
            }
            self.reads.rows.any_member(sight.id(), &others).await
        };
        known.is_touched.get_or_try_init(look).await.copied()
    }

    /// Present members with their marks.
    pub async fn people(&self, sight: &ConversationSight) -> Result<Arc<People>, Refusal> {
        sight.interval()?;
        let known = self.rights.conversation(sight.id());
        let read = async || Ok(Arc::new(self.reads.rows.conversation(sight.id()).await?.people));
        known.people.get_or_try_init(read).await.cloned()
    }

    /// The members among whom a message's recipients are: former ones too, if present ones are fewer.
    pub async fn people_of(
        &self,
        sight: &ConversationSight,
        message: &Message,
    ) -> Result<Arc<People>, Refusal> {
        let people = self.people(sight).await?;
        if people.is_complete_for(message) {
            return Ok(people);
        }
        let known = self.rights.conversation(sight.id());
        let read = async || {
            let former = self.reads.rows.former(sight.id()).await?;
            Ok(Arc::new(People { former, ..(*people).clone() }))
        };
        known.everyone.get_or_try_init(read).await.cloned()
    }
}
