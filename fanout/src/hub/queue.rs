//! The queues of subscriptions.
//!
//! Invariants: what waits is taken in order, and the cursor that goes with an event says that everything up
//! to it was taken before it; a queue that is full drops receipts that newer ones stand for, then nothing
//! but itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use graphql::live::{Live, Topic};
use schemas::{ConversationId, UserId};
use slab::Slab;

use crate::cursor::Cursor;
use crate::event::Event;
use crate::metrics::{self, Dropped};
use crate::snapshot::Snapshot;

/// Steps that an empty queue keeps room for.
const KEPT_STEPS: usize = 8;

/// More waited than the queue may hold: its client has to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client reads too slowly")]
pub struct Overflowed;

/// Which of a user's events a subscription delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interest {
    Inbox,
    MessagesOf(ConversationId),
    UpdatesOf(ConversationId),
    Conversations,
}

impl Interest {
    pub fn of(topic: &Topic) -> Self {
        match topic {
            Topic::Inbox { .. } => Self::Inbox,
            Topic::MessageReceived { conversation } => Self::MessagesOf(conversation.clone()),
            Topic::MessageUpdated { conversation } => Self::UpdatesOf(conversation.clone()),
            Topic::ConversationUpdated => Self::Conversations,
        }
    }

    fn includes(&self, event: &Event) -> bool {
        let Some(live) = event.live() else { return false };
        match self {
            Self::Inbox => true,
            Self::MessagesOf(wanted) => {
                matches!(&**live, Live::Message { conversation, .. } if conversation == wanted)
            }
            Self::UpdatesOf(wanted) => {
                matches!(&**live, Live::Deleted { conversation, .. } if conversation == wanted)
            }
            Self::Conversations => !matches!(&**live, Live::SendRejected(_)),
        }
    }
}

/// How a cursor goes on; what waits needs none of its own.
pub enum Step {
    /// Over an event, which is delivered.
    Over(Arc<Event>),
    To(Box<Cursor>),
}

impl Step {
    /// Moves the cursor; gives what is delivered with it.
    pub fn take(&self, cursor: &mut Cursor) -> Option<&Arc<Event>> {
        match self {
            Self::Over(event) => cursor.pass(event.lane, event.offset),
            Self::To(other) => cursor.clone_from(other),
        }
        self.event()
    }

    fn event(&self) -> Option<&Arc<Event>> {
        match self {
            Self::Over(event) => Some(event),
            Self::To(_) => None,
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
    /// The first that waits. Most often it waits alone, and needs no memory.
    next: Option<Step>,
    behind: VecDeque<Step>,
    whose: Box<(UserId, Interest)>,
    /// Whether it is interested in everything: most are, and an offer need not look elsewhere for it.
    is_inbox: bool,
    live: bool,
    overflowed: bool,
    /// Whether the hub has been told that something waits.
    is_told: bool,
}

impl Queue {
    pub fn new(user: UserId, interest: Interest, cursor: Cursor) -> Self {
        Self {
            cursor,
            next: None,
            behind: VecDeque::new(),
            is_inbox: interest == Interest::Inbox,
            whose: Box::new((user, interest)),
            live: false,
            overflowed: false,
            is_told: false,
        }
    }

    pub fn user(&self) -> &UserId {
        &self.whose.0
    }

    pub fn is_live(&self) -> bool {
        self.live
    }

    pub fn go_live(&mut self) {
        self.live = true;
    }

    /// Queues an event that concerns the user, if the subscription is interested; says whether somebody
    /// has to look, who is told once until the queue is empty again, and of an overflow.
    pub fn offer(&mut self, event: &Arc<Event>, bound: usize) -> bool {
        // This node may be behind the one that gave the cursor.
        let is_past = self.cursor.is_past(event.lane, event.offset);
        let is_wanted = if self.is_inbox { event.live().is_some() } else { self.whose.1.includes(event) };
        if self.overflowed || is_past || !is_wanted {
            return false;
        }
        self.push(Step::Over(event.clone()));
        if self.len() > bound {
            self.coalesce();
        }
        if self.len() > bound {
            let events = self.steps().filter_map(Step::event).count();
            metrics::dropped(Dropped::Overflow).inc_by(events as u64);
            self.overflowed = true;
            (self.next, self.behind) = (None, VecDeque::new());
        }
        let was_told = std::mem::replace(&mut self.is_told, true);
        !was_told || self.overflowed
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
        self.behind.pop_back_if(|last| last.event().is_none());
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

    /// Of one reader's receipts in one conversation the furthest stays, whose cursor passes the others.
    fn coalesce(&mut self) {
        let mut seen = HashSet::new();
        let backwards = self.steps().rev();
        let mut stays: Vec<bool> =
            backwards.map(|step| step.event().is_none_or(|event| is_newest(event, &mut seen))).collect();
        let goes = stays.iter().filter(|stays| !**stays).count();
        metrics::dropped(Dropped::Receipt).inc_by(goes as u64);
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
            self.is_told = false;
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
    /// Those that something waits in.
    waiting: Vec<SubscriptionId>,
    /// Steps that may wait in each.
    bound: usize,
}

impl Queues {
    pub fn new(bound: usize) -> Self {
        Self { open: Slab::new(), waiting: vec![], bound }
    }

    pub fn open(&mut self, queue: Queue) -> SubscriptionId {
        self.open.insert(queue)
    }

    pub fn close(&mut self, id: SubscriptionId) -> Option<Queue> {
        self.open.try_remove(id)
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
    pub fn offer(&mut self, id: SubscriptionId, event: &Arc<Event>) {
        let Some(queue) = self.open.get_mut(id).filter(|queue| queue.is_live()) else { return };
        if queue.offer(event, self.bound) {
            self.waiting.push(id);
        }
    }

    /// Queues what one missed who takes it at once.
    pub fn refill(&mut self, id: SubscriptionId, events: &[Arc<Event>]) {
        let Some(queue) = self.open.get_mut(id) else { return };
        for event in events {
            queue.offer(event, self.bound);
        }
    }

    pub fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Gives the queues that something waits in to `into`.
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

/// Whether nothing behind an event stands for it.
fn is_newest<'a>(event: &'a Event, seen: &mut HashSet<(&'a ConversationId, &'a UserId)>) -> bool {
    match event.live().map(|live| &**live) {
        Some(Live::Receipt { conversation, receipt, .. }) => seen.insert((conversation, &receipt.user)),
        _ => true,
    }
}
