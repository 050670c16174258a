//! The users who are here, the conversations that they are or were in, and whom they do not hear.
//!
//! Invariant: of two accounts of one membership, or one pair, the one with the higher version stands.

use std::collections::{HashMap, HashSet};

use domain::access;
use graphql::live::Live;
use schemas::conversation::BlocksChanged;
use schemas::position::{LogTime, Offset};
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

impl User {
    /// Whether what another sent at a time is hidden from this one.
    fn hides(&self, other: &UserId, at: LogTime) -> bool {
        self.blocks.get(other).is_some_and(|blocks| blocks.value.hide(at))
    }
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

    pub fn in_conversation(&self, conversation: &ConversationId) -> impl Iterator<Item = &UserId> {
        self.by_conversation.get(conversation).into_iter().flatten()
    }

    /// Whether an event of a conversation is for a user: it falls into a stay of theirs, is not about
    /// a message from before it, and not by somebody whom they do not hear.
    pub fn hears(&self, user: &UserId, conversation: &ConversationId, event: &Event) -> bool {
        let Some((known, stay)) = self.hearing(user, conversation, event) else { return false };
        match event.live().map(|live| &**live) {
            Some(Live::Message { message, .. } | Live::Deleted { message, .. }) => {
                access::sees_message(stay, message.seq) && !known.hides(&message.sender.user, message.sent_at)
            }
            Some(Live::Receipt { receipt, .. }) => {
                access::sees_message(stay, receipt.read_up_to)
                    && !known.blocks.get(&receipt.user).is_some_and(|blocks| blocks.value.stand())
            }
            _ => true,
        }
    }

    /// Whether a message that a user hears answers one that they do not see.
    pub fn misses_quote(&self, user: &UserId, event: &Event) -> bool {
        let Some(Live::Message { conversation, message }) = event.live().map(|live| &**live) else {
            return false;
        };
        let Some(parent) = &message.reply_to else { return false };
        self.hearing(user, conversation, event).is_none_or(|(known, stay)| {
            !access::sees_message(stay, parent.seq) || known.hides(&parent.sender.user, parent.created_at)
        })
    }

    fn hearing(&self, user: &UserId, conversation: &ConversationId, event: &Event) -> Option<(&User, &Stay)> {
        let known = self.known.get(user)?;
        let stays = &known.stays.get(conversation)?.value;
        access::hearing(stays, event.number.offset).map(|stay| (known, stay))
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
