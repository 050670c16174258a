//! The queue of one subscription.
//!
//! Invariants: a frame's cursor is fixed when it is queued, and says that everything up to it is
//! queued; a queue that is full drops receipts that newer ones stand for, then nothing but itself.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use graphql::live::{Live, Topic};
use schemas::{ConversationId, UserId};

use crate::cursor::Cursor;
use crate::event::Event;
use crate::metrics::{self, Dropped};

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
    frames: VecDeque<Frame>,
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
        self.cursor.pass(event.lane, event.offset);
        self.frames.push_back(Frame { event: event.clone(), cursor: self.cursor.clone() });
        if self.frames.len() > bound {
            self.coalesce();
        }
        if self.frames.len() > bound {
            metrics::dropped(Dropped::Overflow, self.frames.len());
            self.overflowed = true;
            self.frames = VecDeque::new();
        }
        let was_told = std::mem::replace(&mut self.is_told, true);
        !was_told || self.overflowed
    }

    /// Of one reader's receipts in one conversation the furthest stays; the frames behind a receipt
    /// that goes say that it was passed.
    fn coalesce(&mut self) {
        let mut seen = HashSet::new();
        let mut stays: Vec<bool> =
            self.frames.iter().rev().map(|frame| is_newest(frame, &mut seen)).collect();
        let before = self.frames.len();
        self.frames.retain(|_| stays.pop().unwrap_or(true));
        metrics::dropped(Dropped::Receipt, before - self.frames.len());
    }

    /// Moves up to `most` frames to `into`; gives the cursor after them if nothing waits any more.
    pub fn take(&mut self, most: usize, into: &mut Vec<Frame>) -> Result<Option<Cursor>, Overflowed> {
        if self.overflowed {
            return Err(Overflowed);
        }
        into.extend(self.frames.drain(..most.min(self.frames.len())));
        let is_empty = self.frames.is_empty();
        if is_empty {
            // A queue that has held much gives the memory back.
            if self.frames.capacity() > KEPT_FRAMES {
                self.frames = VecDeque::new();
            }
            self.is_told = false;
        }
        Ok(is_empty.then(|| self.cursor.clone()))
    }

    pub fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    /// The cursor, if nothing waits.
    pub fn quiet(&self) -> Option<&Cursor> {
        let is_quiet = self.live && !self.overflowed && self.frames.is_empty();
        is_quiet.then_some(&self.cursor)
    }
}

/// Whether nothing behind a frame stands for it.
fn is_newest<'a>(frame: &'a Frame, seen: &mut HashSet<(&'a ConversationId, &'a UserId)>) -> bool {
    match frame.event.live().map(|live| &**live) {
        Some(Live::Receipt { conversation, receipt, .. }) => seen.insert((conversation, &receipt.user)),
        _ => true,
    }
}
