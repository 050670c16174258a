//! The users who are here, the conversations that they are or were in, and whom they do not hear.
//!
//! Invariant: of two accounts of one membership, or one pair, the one with the higher version stands.

use std::collections::{HashMap, HashSet};

use graphql::live::Live;
use schemas::conversation::BlocksChanged;
use schemas::position::Offset;
use schemas::rows::{Blocks, PairBlocks, Stay};
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::{ConversationId, UserId};

use crate::event::Event;

/// A user's rows, with the offsets of the commands that wrote them.
#[derive(Debug, Default)]
pub struct UserRows {
    pub memberships: Vec<(MembershipRow, Offset)>,
    pub blocks: Vec<(BlocksRow, Offset)>,
}

#[derive(Default)]
pub struct Users {
    known: HashMap<UserId, User>,
    by_conversation: HashMap<ConversationId, HashSet<UserId>>,
}

#[derive(Default)]
struct User {
    stays: HashMap<ConversationId, Versioned<Vec<Stay>>>,
    blocks: HashMap<UserId, Versioned<PairBlocks>>,
}

struct Versioned<T> {
    value: T,
    /// Offset of the command that made it so.
    version: Offset,
}

impl Users {
    /// Adds a user as their rows say; what is known already stands if it is newer.
    pub fn add(&mut self, user: &UserId, rows: UserRows) {
        self.known.entry(user.clone()).or_default();
        for (row, version) in rows.memberships {
            self.learn_stays(user, row.conversation, row.member.stays, version);
        }
        for (row, version) in rows.blocks {
            self.learn_blocks(user, row.other, row.blocks, version);
        }
    }

    pub fn remove(&mut self, user: &UserId) {
        let Some(gone) = self.known.remove(user) else { return };
        for conversation in gone.stays.into_keys() {
            if let Some(users) = self.by_conversation.get_mut(&conversation) {
                users.remove(user);
                if users.is_empty() {
                    self.by_conversation.remove(&conversation);
                }
            }
        }
    }

    pub fn stays(&self, user: &UserId, conversation: &ConversationId) -> Option<&[Stay]> {
        Some(&self.known.get(user)?.stays.get(conversation)?.value)
    }

    pub fn in_conversation(&self, conversation: &ConversationId) -> impl Iterator<Item = &UserId> {
        self.by_conversation.get(conversation).into_iter().flatten()
    }

    /// Whether a block keeps an event of a conversation from a user. Nothing is decoded for those
    /// whom nothing stands between.
    pub fn blocked(&self, user: &UserId, event: &Event) -> bool {
        let Some(known) = self.known.get(user).filter(|known| !known.blocks.is_empty()) else { return false };
        let between = |other: &UserId| known.blocks.get(other).map(|blocks| &blocks.value);
        match event.live().map(|live| &**live) {
            Some(Live::Message { message, .. } | Live::Deleted { message, .. }) => {
                between(&message.sender.user).is_some_and(|blocks| blocks.hide(message.sent_at))
            }
            Some(Live::Receipt { receipt, .. }) => between(&receipt.user).is_some_and(PairBlocks::stand),
            _ => false,
        }
    }

    /// Whether a message quotes somebody whom the user does not hear.
    pub fn quotes_blocked(&self, user: &UserId, live: &Live) -> bool {
        let Live::Message { message, .. } = live else { return false };
        let (Some(known), Some(parent)) = (self.known.get(user), &message.reply_to) else { return false };
        let blocks = known.blocks.get(&parent.sender.user);
        blocks.is_some_and(|blocks| blocks.value.hide(parent.created_at))
    }

    /// Takes in what an event says of users who are here.
    pub fn apply(&mut self, event: &Event) {
        if !event.users.iter().any(|user| self.known.contains_key(user)) {
            return;
        }
        let version = event.number.offset;
        if let Some(changed) = event.blocks() {
            self.apply_blocks(changed, version);
        }
        match event.live().map(|live| &**live) {
            Some(Live::Opened { conversation, opened, .. }) => {
                for user in &opened.members {
                    let stays = vec![Stay { from: version, to: None, first_seq: 1 }];
                    self.learn_stays(user, conversation.clone(), stays, version);
                }
            }
            Some(Live::Members { conversation, changed }) => {
                for member in &changed.members {
                    self.learn_stays(&member.user, conversation.clone(), member.stays.clone(), version);
                }
            }
            _ => {}
        }
    }

    fn apply_blocks(&mut self, changed: &BlocksChanged, version: Offset) {
        let by_user = Blocks { intervals: changed.by_user.clone() };
        let by_other = Blocks { intervals: changed.by_other.clone() };
        let mirrored = PairBlocks { by_user: by_other.clone(), by_other: by_user.clone() };
        let pair = PairBlocks { by_user, by_other };
        self.learn_blocks(&changed.user, changed.other.clone(), pair, version);
        self.learn_blocks(&changed.other, changed.user.clone(), mirrored, version);
    }

    fn learn_stays(
        &mut self,
        user: &UserId,
        conversation: ConversationId,
        stays: Vec<Stay>,
        version: Offset,
    ) {
        let Some(known) = self.known.get_mut(user) else { return };
        self.by_conversation.entry(conversation.clone()).or_default().insert(user.clone());
        learn(&mut known.stays, conversation, stays, version);
    }

    fn learn_blocks(&mut self, user: &UserId, other: UserId, blocks: PairBlocks, version: Offset) {
        if let Some(known) = self.known.get_mut(user) {
            learn(&mut known.blocks, other, blocks, version);
        }
    }
}

fn learn<K: Eq + std::hash::Hash, T>(
    known: &mut HashMap<K, Versioned<T>>,
    key: K,
    value: T,
    version: Offset,
) {
    if known.get(&key).is_none_or(|older| older.version < version) {
        known.insert(key, Versioned { value, version });
    }
}
