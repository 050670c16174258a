//! The queues of subscriptions.
//!
//! Invariants: steps are taken in order, and the cursor behind an event says that everything up to it was
//! taken before it; a full queue drops notices, then facts that later ones supersede; if it is still full it
//! overflows and its socket closes.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use domain::delivery::{self, Answers, MarkKind};
use graphql::live::{Filter, Payloads};
use schemas::{ConversationId, UserId};
use slab::Slab;

use crate::cursor::Cursor;
use crate::event::{About, Completed, Event};
use crate::metrics::{self, Dropped};
use crate::notice::{Notice, NoticeKind};
use crate::snapshot::Snapshot;

/// Steps that an empty queue keeps room for.
const KEPT_STEPS: usize = 8;

/// More waited than the queue may hold: its client has to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client reads too slowly")]
pub struct Overflowed;

/// How a cursor goes on; an event that waits needs no cursor of its own.
pub enum Step {
    /// Over an event, which is delivered under its viewer's answers.
    Over(Arc<Event>, Answers),
    To(Box<Cursor>),
    /// Beside the events: the cursor stays.
    Beside(Arc<Notice>),
}

/// A large group's queues hold one step each.
const _: () = assert!(size_of::<Step>() == 16);

impl Step {
    /// Moves the cursor; gives the event that is delivered with it.
    pub fn take(&self, cursor: &mut Cursor) -> Option<(&Arc<Event>, Answers)> {
        match self {
            Self::Over(event, answers) => {
                cursor.pass(event.lane, event.offset);
                Some((event, *answers))
            }
            Self::To(other) => {
                cursor.clone_from(other);
                None
            }
            Self::Beside(_) => None,
        }
    }

    fn is_cursor(&self) -> bool {
        match self {
            Self::To(_) => true,
            Self::Over(..) | Self::Beside(_) => false,
        }
    }

    fn notice(&self) -> Option<&Notice> {
        match self {
            Self::Beside(notice) => Some(notice),
            Self::Over(..) | Self::To(_) => None,
        }
    }

    fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Over(event, _) => Some(event),
            Self::To(_) | Self::Beside(_) => None,
        }
    }
}

/// What is known of steps that were taken.
pub struct Taken {
    /// Where the first of them goes on from.
    pub cursor: Cursor,
    /// Whether nothing waits any more.
    pub is_all: bool,
}

/// What every offer looks at is side by side.
#[repr(align(64))]
pub struct Queue {
    /// Where its client is with all that was taken.
    pub cursor: Cursor,
    /// The first step. Most often it waits alone, and needs no memory.
    next: Option<Step>,
    behind: VecDeque<Step>,
    owner: Box<Owner>,
    /// The payload that its filter is for.
    payload: Payloads,
    /// Whether its filter is for one conversation; most are not, and an offer need not look elsewhere.
    is_narrow: bool,
    live: bool,
    overflowed: bool,
    /// Whether the queue is listed among those that a step waits in.
    is_listed: bool,
}

/// What an offer seldom looks at.
struct Owner {
    user: UserId,
    conversation: Option<ConversationId>,
    /// The users whose presence it is about, if it is about presence alone.
    watched: Option<BTreeSet<UserId>>,
    selection: u128,
}

impl Queue {
    pub fn new(user: UserId, selection: u128, filter: &Filter, cursor: Cursor) -> Self {
        let conversation = filter.conversation().cloned();
        let watched = filter.watched().cloned();
        Self {
            cursor,
            next: None,
            behind: VecDeque::new(),
            payload: filter.payload(),
            is_narrow: conversation.is_some(),
            owner: Box::new(Owner { user, conversation, watched, selection }),
            live: false,
            overflowed: false,
            is_listed: false,
        }
    }

    pub fn user(&self) -> &UserId {
        &self.owner.user
    }

    /// Key of what the subscription selects.
    pub fn selection(&self) -> u128 {
        self.owner.selection
    }

    /// Users whose presence it is about.
    pub fn watched(&self) -> impl ExactSizeIterator<Item = &UserId> {
        self.owner.watched.as_ref().map(BTreeSet::iter).unwrap_or_default()
    }

    pub fn is_live(&self) -> bool {
        self.live
    }

    pub fn go_live(&mut self) {
        self.live = true;
    }

    /// Queues an event that the user gets, if the subscription's filter admits it. Says whether the queue is
    /// to be listed: once until it is empty again, and for an overflow.
    pub fn offer(&mut self, event: &Arc<Event>, answers: Answers, bound: usize) -> bool {
        // This node may be behind the one that gave the cursor.
        let is_past = self.cursor.is_past(event.lane, event.offset);
        if self.overflowed || is_past || !self.wants(event) {
            return false;
        }
        self.push(Step::Over(event.clone(), answers));
        self.make_room(bound);
        if self.len() > bound {
            self.coalesce();
        }
        if self.len() > bound {
            let events = self.steps().filter_map(Step::event).count();
            metrics::dropped(Dropped::Overflow).inc_by(events as u64);
            self.overflowed = true;
            (self.next, self.behind) = (None, VecDeque::new());
        }
        let was_listed = std::mem::replace(&mut self.is_listed, true);
        !was_listed || self.overflowed
    }

    /// Queues a notice for which there is room, if the subscription's filter admits it. Says whether the queue is
    /// to be listed.
    pub fn tell(&mut self, about: Option<&ConversationId>, notice: &Arc<Notice>, bound: usize) -> bool {
        let is_of_conversation = || self.owner.conversation.as_ref() == about;
        let wants = notice.completed.payloads.has(self.payload) && (!self.is_narrow || is_of_conversation());
        let is_of_watched =
            |watched: &BTreeSet<UserId>| notice.of.as_ref().is_some_and(|of| watched.contains(of));
        let is_watched = self.owner.watched.as_ref().is_none_or(is_of_watched);
        if self.overflowed || !wants || !is_watched {
            return false;
        }
        self.push(Step::Beside(notice.clone()));
        self.make_room(bound);
        !std::mem::replace(&mut self.is_listed, true)
    }

    /// Drops notices of a full queue, one kind after the other, as long as that is needed.
    fn make_room(&mut self, bound: usize) {
        for kind in NoticeKind::ALL {
            if self.len() > bound {
                self.retain(kind.dropped(), |step| step.notice().is_none_or(|notice| notice.kind != kind));
            }
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let is_of_conversation = || match &event.about {
            About::Conversation(about) => self.owner.conversation.as_ref() == Some(about),
            About::User(_) => false,
        };
        event.payloads().has(self.payload) && (!self.is_narrow || is_of_conversation())
    }

    /// Moves the cursor that the queue has behind all that waits.
    pub fn move_on(&mut self, change: impl FnOnce(&mut Cursor)) {
        if self.is_empty() {
            return change(&mut self.cursor);
        }
        let mut cursor = self.cursor.clone();
        for step in self.steps() {
            step.take(&mut cursor);
        }
        change(&mut cursor);
        self.behind.pop_back_if(|last| last.is_cursor());
        self.push(Step::To(Box::new(cursor)));
    }

    fn push(&mut self, step: Step) {
        if self.is_empty() {
            self.next = Some(step);
        } else {
            self.behind.push_back(step);
        }
    }

    fn steps(&self) -> impl DoubleEndedIterator<Item = &Step> {
        self.next.iter().chain(&self.behind)
    }

    /// Drops facts that later ones supersede; the cursor of a later one passes them.
    fn coalesce(&mut self) {
        let mut seen = HashSet::new();
        let backwards = self.steps().rev();
        let stays = backwards.map(|step| step.event().is_none_or(|event| is_newest(event, &mut seen)));
        let stays = stays.collect();
        self.keep(Dropped::Superseded, stays);
    }

    fn retain(&mut self, dropped: Dropped, stays: impl Fn(&Step) -> bool) {
        let stays = self.steps().rev().map(stays).collect();
        self.keep(dropped, stays);
    }

    /// Keeps the steps that stay, as said from the last to the first.
    fn keep(&mut self, dropped: Dropped, mut stays: Vec<bool>) {
        let goes = stays.iter().filter(|stays| !**stays).count();
        metrics::dropped(dropped).inc_by(goes as u64);
        self.next.take_if(|_| stays.pop() == Some(false));
        self.behind.retain(|_| stays.pop().unwrap_or(true));
    }

    /// Moves up to `most` steps to `into`.
    pub fn take(&mut self, most: usize, into: &mut Vec<Step>) -> Result<Taken, Overflowed> {
        if self.overflowed {
            return Err(Overflowed);
        }
        let (cursor, begin) = (self.cursor.clone(), into.len());
        into.extend(self.next.take_if(|_| most > 0));
        let left = most - (into.len() - begin);
        into.extend(self.behind.drain(..left.min(self.behind.len())));
        for step in &into[begin..] {
            step.take(&mut self.cursor);
        }
        let is_all = self.is_empty();
        if is_all {
            // A queue that has held much gives the memory back.
            if self.behind.capacity() > KEPT_STEPS {
                self.behind = VecDeque::new();
            }
            self.is_listed = false;
        }
        Ok(Taken { cursor, is_all })
    }

    /// The cursor, if nothing waits.
    pub fn quiet(&self) -> Option<&Cursor> {
        let is_quiet = self.live && !self.overflowed && self.is_empty();
        is_quiet.then_some(&self.cursor)
    }

    fn len(&self) -> usize {
        usize::from(self.next.is_some()) + self.behind.len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Names a subscription of a hub, for as long as it is open; a small number.
pub type SubscriptionId = usize;

/// The queues that are open in a hub.
pub struct Queues {
    open: Slab<Queue>,
    /// Those that a step waits in.
    waiting: Vec<SubscriptionId>,
    /// Steps that may wait in each.
    bound: usize,
    /// Those that are about the presence of each user.
    watchers: HashMap<UserId, Vec<SubscriptionId>>,
}

impl Queues {
    pub fn new(bound: usize) -> Self {
        Self { open: Slab::new(), waiting: vec![], bound, watchers: HashMap::new() }
    }

    pub fn open(&mut self, queue: Queue) -> SubscriptionId {
        let watched: Vec<UserId> = queue.watched().cloned().collect();
        let id = self.open.insert(queue);
        watched.into_iter().for_each(|user| self.watchers.entry(user).or_default().push(id));
        id
    }

    /// Those that are about the presence of a user.
    pub fn watchers(&self, of: &UserId) -> impl Iterator<Item = SubscriptionId> {
        self.watchers.get(of).into_iter().flatten().copied()
    }

    pub fn close(&mut self, id: SubscriptionId) -> Option<Queue> {
        let queue = self.open.try_remove(id)?;
        for user in queue.watched() {
            if let Entry::Occupied(mut watchers) = self.watchers.entry(user.clone()) {
                watchers.get_mut().retain(|watcher| *watcher != id);
                if watchers.get().is_empty() {
                    watchers.remove();
                }
            }
        }
        Some(queue)
    }

    pub fn get(&self, id: SubscriptionId) -> Option<&Queue> {
        self.open.get(id)
    }

    pub fn get_mut(&mut self, id: SubscriptionId) -> Option<&mut Queue> {
        self.open.get_mut(id)
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Offers an event to a queue if that is live, and lists the queue.
    pub fn offer(&mut self, id: SubscriptionId, event: &Arc<Event>, answers: Answers) {
        let Some(queue) = self.open.get_mut(id).filter(|queue| queue.is_live()) else { return };
        if queue.offer(event, answers, self.bound) {
            self.waiting.push(id);
        }
    }

    /// Queues a notice in a live queue, and lists the queue.
    pub fn tell(&mut self, id: SubscriptionId, about: Option<&ConversationId>, notice: &Arc<Notice>) {
        let Some(queue) = self.open.get_mut(id).filter(|queue| queue.is_live()) else { return };
        if queue.tell(about, notice, self.bound) {
            self.waiting.push(id);
        }
    }

    /// Queues missed events for a task that takes them at once.
    pub fn refill(&mut self, id: SubscriptionId, events: &[(Arc<Event>, Answers)]) {
        let Some(queue) = self.open.get_mut(id) else { return };
        for (event, answers) in events {
            queue.offer(event, *answers, self.bound);
        }
    }

    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Moves the ids of queues that a step waits in to `into`.
    pub fn waiting(&mut self, into: &mut Vec<SubscriptionId>) {
        into.append(&mut self.waiting);
    }

    /// A snapshot is stored: the cursors of live queues go on from it.
    pub fn adopt(&mut self, snapshot: &Snapshot) {
        for (_, queue) in self.open.iter_mut().filter(|(_, queue)| queue.is_live()) {
            queue.move_on(|cursor| cursor.adopt(snapshot));
        }
    }
}

/// What later facts supersede.
type Superseding<'a> = HashSet<(&'a ConversationId, (MarkKind, &'a UserId))>;

/// Whether no later event supersedes this one.
fn is_newest<'a>(event: &'a Event, seen: &mut Superseding<'a>) -> bool {
    let About::Conversation(conversation) = &event.about else { return true };
    let fact = event.completed().and_then(Completed::fact);
    fact.and_then(delivery::supersedes).is_none_or(|key| seen.insert((conversation, key)))
}
