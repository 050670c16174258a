//! The users who are here with their subscriptions, the conversations that they are or were in, their
//! blocks, and their privacy settings.
//!
//! Invariants: of two versions of one membership, one pair's blocks, or one user's settings, the higher one
//! stands; a user is known for as long as they have a subscription.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::access::{Blocking, Sight, When};
use domain::delivery::{self, Answers, Learned, Question, Recipients, Viewer};
use schemas::blocking::PairBlocks;
use schemas::membership::MembershipInterval;
use schemas::position::Offset;
use schemas::privacy::Privacy;
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::{ConversationId, UserId};
use slab::Slab;
use smallvec::SmallVec;

use super::SubscriptionId;
use crate::event::{About, Completed, Event};

/// Presence is not delivered through conversations with more members than this on one shard.
const MAX_ACQUAINTED: usize = 50;

/// A user who may want to see the presence of another.
#[derive(Debug, PartialEq, Eq)]
pub struct Acquainted {
    pub user: UserId,
    /// A block of either, or the user's open request, hides the other.
    pub is_hidden: bool,
}

/// What hides `of` from the connected user `viewer` has begun or ended: a block, or the viewer's open
/// request.
#[derive(Debug, PartialEq, Eq)]
pub struct Parted {
    pub of: UserId,
    pub viewer: UserId,
}

/// A user's rows, with the offsets of the commands that wrote them.
#[derive(Debug, Default)]
pub struct UserRows {
    pub memberships: Vec<(MembershipRow, Offset)>,
    pub blocks: Vec<(BlocksRow, Offset)>,
    /// Absent for an account that was never used.
    pub privacy: Option<(Privacy, Offset)>,
}

#[derive(Default)]
pub struct Users {
    here: Slab<User>,
    places: HashMap<UserId, Place>,
    /// In the order in which they stand in memory.
    by_conversation: HashMap<ConversationId, BTreeMap<Place, Versioned<Intervals>>>,
    /// Learned since they were taken last.
    parted: Vec<Parted>,
}

/// Where a user stands in `here`.
type Place = usize;
/// Most users have one interval.
type Intervals = SmallVec<[MembershipInterval; 1]>;

struct User {
    subscriptions: SmallVec<[SubscriptionId; 2]>,
    blocks: BTreeMap<UserId, Versioned<PairBlocks>>,
    conversations: Vec<ConversationId>,
    /// Absent where the settings are those of a fresh account.
    privacy: Option<Versioned<Privacy>>,
    id: UserId,
}

impl Blocking for User {
    fn pair(&self, other: &UserId) -> Option<&PairBlocks> {
        self.blocks.get(other).map(|blocks| &blocks.value)
    }

    fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }
}

impl User {
    /// What the user sees of a conversation, as of an event of it.
    fn sight<'a>(&'a self, intervals: &'a [MembershipInterval], event: &Event) -> Sight<'a, &'a Self> {
        Sight { intervals, when: When::At(event.number.offset), blocks: self }
    }

    fn viewer(&self) -> Viewer<'_> {
        let privacy = self.privacy.as_ref().map_or_else(Privacy::default, |known| known.value);
        Viewer { user: &self.id, sees_reads: domain::privacy::sees_reads(&privacy) }
    }

    /// The user's answers to the questions of an event; `None` if the user does not get it.
    fn answers(
        &self,
        intervals: &[MembershipInterval],
        event: &Event,
        audience: &Recipients<'_>,
        questions: &[Question<'_>],
    ) -> Option<Answers> {
        let (sight, viewer) = (self.sight(intervals, event), self.viewer());
        audience.include(viewer, &sight).then(|| delivery::answers(questions, viewer, &sight))
    }
}

struct Versioned<T> {
    value: T,
    /// Offset of the command that made it so.
    version: Offset,
}

impl Users {
    /// Makes a user known from their rows; what is known already stands if it is newer.
    pub fn add(&mut self, user: &UserId, rows: UserRows) {
        let here = &mut self.here;
        self.places.entry(user.clone()).or_insert_with(|| {
            here.insert(User {
                subscriptions: SmallVec::new(),
                blocks: BTreeMap::new(),
                conversations: vec![],
                privacy: None,
                id: user.clone(),
            })
        });
        for (row, version) in rows.memberships {
            self.learn(
                Learned::Intervals(user.clone(), row.member.intervals),
                Some(row.conversation),
                version,
            );
        }
        for (row, version) in rows.blocks {
            self.learn(Learned::Blocks(user.clone(), row.other, row.blocks), None, version);
        }
        if let Some((privacy, version)) = rows.privacy {
            self.learn(Learned::Privacy(user.clone(), privacy), None, version);
        }
    }

    /// Adds a subscription of a user who is known.
    pub fn subscribe(&mut self, user: &UserId, subscription: SubscriptionId) {
        if let Some(place) = self.places.get(user) {
            self.here[*place].subscriptions.push(subscription);
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

    /// Whether a member of a conversation is here.
    pub fn has_members(&self, conversation: &ConversationId) -> bool {
        self.by_conversation.contains_key(conversation)
    }

    /// Whether an event may be for anyone who is here, as far as its key says.
    pub fn may_concern(&self, event: &Event) -> bool {
        match &event.about {
            About::User(user) => self.places.contains_key(user),
            About::Conversation(conversation) => self.has_members(conversation),
        }
    }

    /// The subscriptions of a user.
    pub fn subscriptions(&self, user: &UserId) -> &[SubscriptionId] {
        self.known(user).map_or(&[], |user| &user.subscriptions)
    }

    /// The subscriptions of the users whom a condition picks.
    pub fn subscriptions_of(
        &self,
        is_picked: impl Fn(&UserId) -> bool,
    ) -> impl Iterator<Item = SubscriptionId> {
        let picked = self.here.iter().filter(move |(_, user)| is_picked(&user.id));
        picked.flat_map(|(_, user)| user.subscriptions.iter().copied())
    }

    /// Calls with every subscription of every user who gets an event, and with the user's answers to its
    /// questions. The event is decoded only if it may concern someone who is here.
    pub fn concerned(&self, event: &Event, mut with: impl FnMut(SubscriptionId, Answers)) {
        match &event.about {
            About::User(user) => self.subscriptions(user).iter().for_each(|id| with(*id, Answers::default())),
            About::Conversation(conversation) => {
                let Some(members) = self.by_conversation.get(conversation) else { return };
                let Some(completed) = event.completed() else { return };
                let (audience, questions) = (completed.audience(), completed.questions());
                for (place, intervals) in members {
                    let user = &self.here[*place];
                    if let Some(answers) = user.answers(&intervals.value, event, &audience, &questions) {
                        user.subscriptions.iter().for_each(|id| with(*id, answers));
                    }
                }
            }
        }
    }

    /// Calls with each subscription of each member who may see what user `of` does in a conversation now.
    pub fn viewers_of(
        &self,
        conversation: &ConversationId,
        of: &UserId,
        mut with: impl FnMut(SubscriptionId),
    ) {
        for (_, sight) in self.present(conversation) {
            if sight.sees_typing(&sight.blocks.id, of) {
                sight.blocks.subscriptions.iter().for_each(|id| with(*id));
            }
        }
    }

    /// The users here who are in a conversation now, each with their sight of it.
    fn present(&self, conversation: &ConversationId) -> impl Iterator<Item = (Place, Sight<'_, &User>)> {
        let members = self.by_conversation.get(conversation).into_iter().flatten();
        members.filter_map(|(place, intervals)| {
            let (intervals, blocks) = (&intervals.value[..], &self.here[*place]);
            let sight = Sight { intervals, when: When::Now, blocks };
            sight.interval().is_some().then_some((*place, sight))
        })
    }

    /// The users who are among `watchers`, or share one of these conversations with another user. Conversations with
    /// more than [`MAX_ACQUAINTED`] members here do not count.
    pub fn acquainted<'a>(
        &self,
        of: &UserId,
        conversations: &[ConversationId],
        watchers: impl Iterator<Item = &'a UserId>,
    ) -> Vec<Acquainted> {
        let watchers = watchers.filter_map(|watcher| self.places.get(watcher).copied());
        let mut places: BTreeSet<Place> = watchers.collect();
        for conversation in conversations {
            let members = self.by_conversation.get(conversation).map_or(0, BTreeMap::len);
            if members <= MAX_ACQUAINTED {
                places.extend(self.present(conversation).map(|(place, _)| place));
            }
        }
        let users = places.into_iter().map(|place| &self.here[place]).filter(|user| user.id != *of);
        let acquainted = users.map(|user| {
            let sight = Sight { intervals: &[], when: When::Now, blocks: user };
            Acquainted { user: user.id.clone(), is_hidden: !sight.follows(of) }
        });
        acquainted.collect()
    }

    /// The keys of events that may be for a user.
    pub fn subjects(&self, user: &UserId) -> impl Iterator<Item = About> {
        let conversations = self.known(user).into_iter().flat_map(|user| &user.conversations);
        let conversations = conversations.cloned().map(About::Conversation);
        std::iter::once(About::User(user.clone())).chain(conversations)
    }

    /// A user's answers to the questions of an event; `None` if the user does not get it.
    pub fn answers(&self, user: &UserId, event: &Event, completed: &Completed) -> Option<Answers> {
        match &event.about {
            About::User(about) => (about == user).then(Answers::default),
            About::Conversation(conversation) => {
                let place = self.places.get(user)?;
                let intervals = &self.by_conversation.get(conversation)?.get(place)?.value;
                let (audience, questions) = (completed.audience(), completed.questions());
                self.here[*place].answers(intervals, event, &audience, &questions)
            }
        }
    }

    fn known(&self, user: &UserId) -> Option<&User> {
        self.places.get(user).map(|place| &self.here[*place])
    }

    /// Takes what has begun or ended since the last call.
    pub fn parted(&mut self) -> Vec<Parted> {
        std::mem::take(&mut self.parted)
    }

    /// Learns what an event changes of users who are here.
    pub fn apply(&mut self, event: &Event) {
        let version = event.number.offset;
        match &event.about {
            About::User(user) if self.places.contains_key(user) => {
                let fact = event.completed().and_then(Completed::account_fact);
                if let Some(learned) = fact.and_then(|fact| delivery::learns_of_account(fact, user)) {
                    self.learn(learned, None, version);
                }
            }
            About::Conversation(id) if event.users.iter().any(|user| self.places.contains_key(user)) => {
                let fact = event.completed().and_then(Completed::fact);
                for learned in fact.map(|fact| delivery::learns(fact, version)).unwrap_or_default() {
                    self.learn(learned, Some(id.clone()), version);
                }
            }
            About::User(_) | About::Conversation(_) => {}
        }
    }

    /// Intervals are those in `conversation`.
    fn learn(&mut self, learned: Learned, conversation: Option<ConversationId>, version: Offset) {
        match learned {
            Learned::Intervals(user, intervals) => {
                let (Some(place), Some(conversation)) = (self.places.get(&user), conversation) else {
                    return;
                };
                let members = self.by_conversation.entry(conversation.clone()).or_default();
                if !members.contains_key(place) {
                    self.here[*place].conversations.push(conversation);
                }
                if is_newer(version, members.get(place)) {
                    members.insert(*place, Versioned { value: Intervals::from_vec(intervals), version });
                }
            }
            Learned::Privacy(user, privacy) => {
                let Some(place) = self.places.get(&user) else { return };
                let known = &mut self.here[*place].privacy;
                if is_newer(version, known.as_ref()) {
                    *known = Some(Versioned { value: privacy, version });
                }
            }
            Learned::Blocks(user, other, blocks) => {
                let Some(place) = self.places.get(&user) else { return };
                let known = &mut self.here[*place];
                let before = known.blocks.get(&other);
                if !is_newer(version, before) {
                    return;
                }
                let was_hidden = before.is_some_and(|before| before.value.hide_signs());
                // A user without a subscription has been told of no presence.
                if was_hidden != blocks.hide_signs() && !known.subscriptions.is_empty() {
                    self.parted.push(Parted { of: other.clone(), viewer: user });
                }
                known.blocks.insert(other, Versioned { value: blocks, version });
            }
        }
    }
}

fn is_newer<T>(version: Offset, known: Option<&Versioned<T>>) -> bool {
    known.is_none_or(|known| known.version < version)
}
