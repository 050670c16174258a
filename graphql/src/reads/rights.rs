//! What one request has read of its viewer's rights.
//!
//! Invariants: each is read once a request, however many fields ask; a request has one viewer, so nothing
//! is shared between viewers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use platform::lock::locked;
use schemas::ConversationId;
use schemas::creating::Opened;
use schemas::organizing::Organized;
use schemas::privacy::Privacy;
use tokio::sync::OnceCell;

use super::organizing::OrganizedById;
use super::{BlockList, ConversationSight};
use crate::people::People;
use crate::rows::Written;

/// Request data: the rights of one execution.
#[derive(Default)]
pub struct Rights(Mutex<Read>);

#[derive(Default)]
struct Read {
    blocks: Cell<BlockList>,
    organized: Cell<OrganizedById>,
    privacy: Arc<OnceCell<Privacy>>,
    conversations: HashMap<ConversationId, Arc<Conversation>>,
}

type Cell<T> = Arc<OnceCell<Arc<T>>>;

/// What was read of one conversation.
#[derive(Default)]
pub(super) struct Conversation {
    pub sight: OnceCell<Arc<ConversationSight>>,
    /// Whether blocks may hide something that the viewer's interval holds.
    pub is_touched: OnceCell<bool>,
    /// The newest message that the viewer sees.
    pub newest: OnceCell<Option<Written>>,
    /// Number of unread messages.
    pub unread: OnceCell<i64>,
    pub organized: OnceCell<Arc<Organized>>,
    pub people: OnceCell<Arc<People>>,
    /// The same, with former members.
    pub everyone: OnceCell<Arc<People>>,
}

impl Rights {
    fn read(&self) -> MutexGuard<'_, Read> {
        locked(&self.0)
    }

    pub(super) fn blocks(&self) -> Cell<BlockList> {
        self.read().blocks.clone()
    }

    pub(super) fn organized(&self) -> Cell<OrganizedById> {
        self.read().organized.clone()
    }

    pub(super) fn privacy(&self) -> Arc<OnceCell<Privacy>> {
        self.read().privacy.clone()
    }

    pub(super) fn conversation(&self, id: &ConversationId) -> Arc<Conversation> {
        self.read().conversations.entry(id.clone()).or_default().clone()
    }

    /// What a conversation is, if the request has read it.
    pub fn opened(&self, id: &ConversationId) -> Option<Opened> {
        self.conversation(id).sight.get().and_then(|sight| sight.opened().cloned())
    }

    /// Rights of the same viewer that know no conversation yet: for one of many, which the request need not keep.
    pub fn apart(&self) -> Self {
        let Read { blocks, organized, privacy, conversations: _ } = &*self.read();
        let (blocks, organized, privacy) = (blocks.clone(), organized.clone(), privacy.clone());
        Self(Mutex::new(Read { blocks, organized, privacy, conversations: HashMap::new() }))
    }

    /// Keeps what rights apart have come to know of conversations.
    pub fn adopt(&self, apart: &Self) {
        let known = apart.read().conversations.clone();
        self.read().conversations.extend(known);
    }

    /// Forgets everything: a mutation has changed what rows say.
    pub fn clear(&self) {
        *self.read() = Read::default();
    }
}
