//! The users who are here with their subscriptions, the conversations that they are or were in, and
//! whom they do not hear.
//!
//! Invariants: of two accounts of one membership, or one pair, the one with the higher version stands;
//! a user is known for as long as they have a subscription.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use domain::access;
use graphql::live::Live;
use schemas::conversation::BlocksChanged;
use schemas::position::{LogTime, Offset};
use schemas::rows::{Blocks, PairBlocks, Stay};
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::{ConversationId, UserId};
use slab::Slab;
use smallvec::SmallVec;

use super::SubscriptionId;
use crate::event::{About, Event};

/// A user's rows, with the offsets of the commands that wrote them.
#[derive(Debug, Default)]
pub struct UserRows {
    pub memberships: Vec<(MembershipRow, Offset)>,
    pub blocks: Vec<(BlocksRow, Offset)>,
}

#[derive(Default)]
pub struct Users {
    here: Slab<User>,
    places: HashMap<UserId, Place>,
    /// In the order in which they stand in memory.
    by_conversation: HashMap<ConversationId, BTreeMap<Place, Versioned<Stays>>>,
}

/// Where a user stands in `here`.
type Place = usize;
/// Most have come once.
type Stays = SmallVec<[Stay; 1]>;

#[derive(Default)]
struct User {
    subscriptions: SmallVec<[SubscriptionId; 2]>,
    conversations: Vec<ConversationId>,
    blocks: BTreeMap<UserId, Versioned<PairBlocks>>,
}

impl User {
    /// Whether what another sent at a time is hidden from this one.
    fn hides(&self, other: &UserId, at: LogTime) -> bool {
        self.blocks.get(other).is_some_and(|blocks| blocks.value.hide(at))
    }

    /// Whether an event of a conversation is for this user: it falls into a stay of theirs, is not about
    /// a message from before it, and not by somebody whom they do not hear.
    fn hears(&self, stays: &[Stay], event: &Event) -> bool {
        let Some(stay) = access::hearing(stays, event.number.offset) else { return false };
        match event.live().map(|live| &**live) {
            Some(Live::Message { message, .. } | Live::Deleted { message, .. }) => {
                access::sees_message(stay, message.seq) && !self.hides(&message.sender.user, message.sent_at)
            }
            Some(Live::Receipt { receipt, .. }) => {
                access::sees_message(stay, receipt.read_up_to)
                    && !self.blocks.get(&receipt.user).is_some_and(|blocks| blocks.value.stand())
            }
            _ => true,
        }
    }
}

struct Versioned<T> {
    value: T,
    /// Offset of the command that made it so.
    version: Offset,
}

impl Users {
    /// Adds a subscription of a user, who is as their rows say; what is known already stands if it is
    /// newer.
    pub fn add(&mut self, user: &UserId, subscription: SubscriptionId, rows: UserRows) {
        let new = || self.here.insert(User::default());
        let place = *self.places.entry(user.clone()).or_insert_with(new);
        self.here[place].subscriptions.push(subscription);
        for (row, version) in rows.memberships {
            self.learn_stays(user, row.conversation, row.member.stays, version);
        }
        for (row, version) in rows.blocks {
            self.learn_blocks(user, row.other, row.blocks, version);
        }
    }

    /// Takes a subscription away, and with the last one its user.
    pub fn remove(&mut self, user: &UserId, subscription: SubscriptionId) {
        let Entry::Occupied(place) = self.places.entry(user.clone()) else { return };
        let known = &mut self.here[*place.get()];
        known.subscriptions.retain(|other| *other != subscription);
        if !known.subscriptions.is_empty() {
            return;
        }
        let place = place.remove();
        for conversation in self.here.remove(place).conversations {
            if let Entry::Occupied(mut members) = self.by_conversation.entry(conversation) {
                members.get_mut().remove(&place);
                if members.get().is_empty() {
                    members.remove();
                }
            }
        }
    }

    /// Calls with every subscription of whoever an event is for.
    pub fn concerned(&self, event: &Event, mut with: impl FnMut(SubscriptionId)) {
        match &event.about {
            About::User(user) => self.known(user).into_iter().for_each(|user| {
                user.subscriptions.iter().copied().for_each(&mut with);
            }),
            About::Conversation(conversation) => {
                for (place, stays) in self.by_conversation.get(conversation).into_iter().flatten() {
                    let user = &self.here[*place];
                    if user.hears(&stays.value, event) {
                        user.subscriptions.iter().copied().for_each(&mut with);
                    }
                }
            }
        }
    }

    /// What the events are about that may be for a user.
    pub fn subjects(&self, user: &UserId) -> impl Iterator<Item = About> {
        let conversations = self.known(user).into_iter().flat_map(|user| &user.conversations);
        let conversations = conversations.cloned().map(About::Conversation);
        std::iter::once(About::User(user.clone())).chain(conversations)
    }

    /// Whether an event is for a user.
    pub fn concerns(&self, user: &UserId, event: &Event) -> bool {
        match &event.about {
            About::User(about) => about == user,
            About::Conversation(conversation) => {
                let hearing = self.stays(user, conversation);
                hearing.is_some_and(|(known, stays)| known.hears(stays, event))
            }
        }
    }

    /// Whether a message that a user hears answers one that they do not see.
    pub fn misses_quote(&self, user: &UserId, event: &Event) -> bool {
        let Some(Live::Message { conversation, message }) = event.live().map(|live| &**live) else {
            return false;
        };
        let Some(parent) = &message.reply_to else { return false };
        self.stays(user, conversation).is_none_or(|(known, stays)| {
            access::hearing(stays, event.number.offset).is_none_or(|stay| {
                !access::sees_message(stay, parent.seq) || known.hides(&parent.sender.user, parent.created_at)
            })
        })
    }

    fn known(&self, user: &UserId) -> Option<&User> {
        self.places.get(user).map(|place| &self.here[*place])
    }

    fn stays(&self, user: &UserId, conversation: &ConversationId) -> Option<(&User, &[Stay])> {
        let place = self.places.get(user)?;
        let stays = &self.by_conversation.get(conversation)?.get(place)?.value;
        Some((&self.here[*place], stays))
    }

    /// Takes in what an event says of users who are here.
    pub fn apply(&mut self, event: &Event) {
        if !event.users.iter().any(|user| self.places.contains_key(user)) {
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
        let Some(place) = self.places.get(user) else { return };
        let members = self.by_conversation.entry(conversation.clone()).or_default();
        if !members.contains_key(place) {
            self.here[*place].conversations.push(conversation);
        }
        if is_newer(version, members.get(place)) {
            members.insert(*place, Versioned { value: SmallVec::from_vec(stays), version });
        }
    }

    fn learn_blocks(&mut self, user: &UserId, other: UserId, blocks: PairBlocks, version: Offset) {
        if let Some(place) = self.places.get(user) {
            let known = &mut self.here[*place].blocks;
            if is_newer(version, known.get(&other)) {
                known.insert(other, Versioned { value: blocks, version });
            }
        }
    }
}

fn is_newer<T>(version: Offset, known: Option<&Versioned<T>>) -> bool {
    known.is_none_or(|known| known.version < version)
}
