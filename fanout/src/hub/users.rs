//! The users who are here, and the conversations that they are or were in.
//!
//! Invariant: of two accounts of one membership the one with the higher version stands.

use std::collections::{HashMap, HashSet};

use graphql::live::Live;
use schemas::position::Offset;
use schemas::rows::Stay;
use schemas::tables::views::MembershipRow;
use schemas::{ConversationId, UserId};

use crate::event::Event;

#[derive(Default)]
pub struct Users {
    memberships: HashMap<UserId, HashMap<ConversationId, Known>>,
    by_conversation: HashMap<ConversationId, HashSet<UserId>>,
}

struct Known {
    stays: Vec<Stay>,
    /// Offset of the command that made it so.
    version: Offset,
}

impl Users {
    /// Adds a user as their rows say; what is known already stands if it is newer.
    pub fn add(&mut self, user: &UserId, rows: Vec<(MembershipRow, Offset)>) {
        self.memberships.entry(user.clone()).or_default();
        for (row, version) in rows {
            self.learn(user, row.conversation, row.member.stays, version);
        }
    }

    pub fn remove(&mut self, user: &UserId) {
        for conversation in self.memberships.remove(user).into_iter().flat_map(HashMap::into_keys) {
            if let Some(users) = self.by_conversation.get_mut(&conversation) {
                users.remove(user);
                if users.is_empty() {
                    self.by_conversation.remove(&conversation);
                }
            }
        }
    }

    pub fn stays(&self, user: &UserId, conversation: &ConversationId) -> Option<&[Stay]> {
        Some(&self.memberships.get(user)?.get(conversation)?.stays)
    }

    pub fn in_conversation(&self, conversation: &ConversationId) -> impl Iterator<Item = &UserId> {
        self.by_conversation.get(conversation).into_iter().flatten()
    }

    /// Takes in what an event says of the memberships of users who are here.
    pub fn apply(&mut self, event: &Event) {
        if !event.users.iter().any(|user| self.memberships.contains_key(user)) {
            return;
        }
        let Some(Live::Opened { conversation, opened, .. }) = event.live().map(|live| &**live) else {
            return;
        };
        for user in &opened.members {
            let stays = vec![Stay { from: event.number.offset, to: None, first_seq: 1 }];
            self.learn(user, conversation.clone(), stays, event.number.offset);
        }
    }

    fn learn(&mut self, user: &UserId, conversation: ConversationId, stays: Vec<Stay>, version: Offset) {
        let Some(known) = self.memberships.get_mut(user) else { return };
        self.by_conversation.entry(conversation.clone()).or_default().insert(user.clone());
        match known.get(&conversation) {
            Some(newer) if newer.version >= version => {}
            _ => {
                known.insert(conversation, Known { stays, version });
            }
        }
    }
}
