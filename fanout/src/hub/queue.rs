//! The queues of subscriptions.
//!
//! Invariants: a frame's cursor is fixed when it is queued, and says that everything up to it is
//! queued; a queue that is full drops receipts that newer ones stand for, then nothing but itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use graphql::live::{Live, Topic};
use schemas::{ConversationId, UserId};
use slab::Slab;

use crate::cursor::Cursor;
use crate::event::Event;
use crate::metrics::{self, Dropped};
use crate::snapshot::Snapshot;

/// Frames that an empty queue keeps room for.
const KEPT_FRAMES: usize = 8;

/// More waited than the queue may hold: its client has to resume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client reads too slowly")]
pub struct Overflowed;

/// An event on its way to a socket.
#[derive(Clone)]
pub struct Frame {
    pub event: Arc<Event>,
    pub cursor: Cursor,
}

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

pub struct Queue {
    pub user: UserId,
    pub cursor: Cursor,
    interest: Interest,
    /// What waits before the last.
    frames: VecDeque<Frame>,
    /// What came last, while its cursor is the queue's own. Most often it waits alone, and needs no memory.
    last: Option<Arc<Event>>,
    live: bool,
    overflowed: bool,
    /// Whether the hub has been told that something waits.
    is_told: bool,
}

impl Queue {
    pub fn new(user: UserId, interest: Interest, cursor: Cursor) -> Self {
        Self {
            user,
            cursor,
            interest,
            frames: VecDeque::new(),
            last: None,
            live: false,
            overflowed: false,
            is_told: false,
        }
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
        if self.overflowed || is_past || !self.interest.includes(event) {
            return false;
        }
        self.move_on(|cursor| cursor.pass(event.lane, event.offset));
        self.last = Some(event.clone());
        // With the last, one more waits than there are frames.
        if self.frames.len() >= bound {
            self.coalesce();
        }
        if self.frames.len() >= bound {
            metrics::dropped(Dropped::Overflow).inc_by(self.frames.len() as u64 + 1);
            self.overflowed = true;
            (self.frames, self.last) = (VecDeque::new(), None);
        }
        let was_told = std::mem::replace(&mut self.is_told, true);
        !was_told || self.overflowed
    }

    /// Moves the queue's cursor; what waits keeps its own.
    pub fn move_on(&mut self, change: impl FnOnce(&mut Cursor)) {
        if let Some(event) = self.last.take() {
            self.frames.push_back(Frame { event, cursor: self.cursor.clone() });
        }
        change(&mut self.cursor);
    }

    /// Of one reader's receipts in one conversation the furthest stays; the frames behind a receipt
    /// that goes say that it was passed.
    fn coalesce(&mut self) {
        let mut seen = HashSet::new();
        if let Some(last) = &self.last {
            is_newest(last, &mut seen);
        }
        let mut stays: Vec<bool> =
            self.frames.iter().rev().map(|frame| is_newest(&frame.event, &mut seen)).collect();
        let before = self.frames.len();
        self.frames.retain(|_| stays.pop().unwrap_or(true));
        metrics::dropped(Dropped::Receipt).inc_by((before - self.frames.len()) as u64);
    }

    /// Moves up to `most` frames to `into`; says whether nothing waits any more.
    pub fn take(&mut self, most: usize, into: &mut Vec<Frame>) -> Result<bool, Overflowed> {
        if self.overflowed {
            return Err(Overflowed);
        }
        let earlier = most.min(self.frames.len());
        into.extend(self.frames.drain(..earlier));
        if earlier < most
            && let Some(event) = self.last.take()
        {
            into.push(Frame { event, cursor: self.cursor.clone() });
        }
        let is_empty = self.is_empty();
        if is_empty {
            // A queue that has held much gives the memory back.
            if self.frames.capacity() > KEPT_FRAMES {
                self.frames = VecDeque::new();
            }
            self.is_told = false;
        }
        Ok(is_empty)
    }

    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// The cursor, if nothing waits.
    pub fn quiet(&self) -> Option<&Cursor> {
        let is_quiet = self.live && !self.overflowed && self.is_empty();
        is_quiet.then_some(&self.cursor)
    }

    fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.last.is_none()
    }
}

/// Names a subscription of a hub, for as long as it is open; a small number.
pub type SubscriptionId = usize;

/// The queues that are open in a hub.
pub struct Queues {
    open: Slab<Queue>,
    /// Those that something waits in.
    waiting: Vec<SubscriptionId>,
    /// Frames that may wait in each.
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
