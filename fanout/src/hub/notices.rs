//! Notices in a hub: selects the recipients and queues the notices.
//!
//! Invariant: a member whom a block or the end of a membership hides a user from gets no notice of that user.

use std::sync::Arc;

use schemas::{ConversationId, UserId};

use super::{Acquainted, Hub, SubscriptionId};
use crate::notice::Notice;

impl Hub {
    /// Whether a member of a conversation is here.
    pub fn has_members(&self, conversation: &ConversationId) -> bool {
        self.state().users.has_members(conversation)
    }

    /// Whether a user is here.
    pub fn has_viewer(&self, user: &UserId) -> bool {
        !self.state().users.subscriptions(user).is_empty()
    }

    /// Queues a notice for each member who may see what user `of` does; returns whether there is any.
    pub fn tell_members(&self, conversation: &ConversationId, of: &UserId, notice: &Arc<Notice>) -> bool {
        let state = &mut *self.state();
        let mut any = false;
        state.users.viewers_of(conversation, of, |id| {
            any = true;
            state.queues.tell(id, Some(conversation), notice);
        });
        self.wake_for(state);
        any
    }

    /// The users here who watch a user, or share one of these conversations with them.
    pub fn acquainted(&self, of: &UserId, conversations: &[ConversationId]) -> Vec<Acquainted> {
        let state = self.state();
        let watchers = state.queues.watchers(of).filter_map(|id| Some(state.queues.get(id)?.user()));
        state.users.acquainted(of, conversations, watchers)
    }

    /// Queues a notice for these viewers, in their inboxes and where they watch the user.
    pub fn tell_viewers<'a>(&self, notice: &Arc<Notice>, viewers: impl IntoIterator<Item = &'a UserId>) {
        let state = &mut *self.state();
        for viewer in viewers {
            for id in state.users.subscriptions(viewer) {
                state.queues.tell(*id, None, notice);
            }
        }
        self.wake_for(state);
    }

    /// Queues a notice for a user and each who may see what the user does in one of their conversations.
    pub fn tell_acquaintances(&self, of: &UserId, conversations: &[ConversationId], notice: &Arc<Notice>) {
        let state = &mut *self.state();
        let mut ids: Vec<SubscriptionId> = state.users.subscriptions(of).to_vec();
        for conversation in conversations {
            state.users.viewers_of(conversation, of, |id| ids.push(id));
        }
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().for_each(|id| state.queues.tell(id, None, notice));
        self.wake_for(state);
    }

    /// Queues a notice for each user who is concerned.
    pub fn tell_users(&self, is_concerned: impl Fn(&UserId) -> bool, notice: &Arc<Notice>) {
        let state = &mut *self.state();
        for id in state.users.subscriptions_of(is_concerned) {
            state.queues.tell(id, None, notice);
        }
        self.wake_for(state);
    }
}
