//! The queue of one subscription.
//!
//! Invariants: a frame's cursor is fixed when it is queued, and says that everything up to it is
//! queued; a queue that is full drops nothing but itself.

use std::collections::VecDeque;
use std::sync::Arc;

use graphql::live::{Live, Topic};
use schemas::{ConversationId, UserId};
use tokio::sync::Notify;

use crate::cursor::Cursor;
use crate::event::Event;

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
    pub wake: Arc<Notify>,
    interest: Interest,
    frames: VecDeque<Frame>,
    live: bool,
    overflowed: bool,
}

impl Queue {
    pub fn new(user: UserId, interest: Interest, cursor: Cursor) -> Self {
        Self {
            user,
            cursor,
            wake: Arc::default(),
            interest,
            frames: VecDeque::new(),
            live: false,
            overflowed: false,
        }
    }

    pub fn is_live(&self) -> bool {
        self.live
    }

    pub fn go_live(&mut self) {
        self.live = true;
    }

    /// Queues an event that concerns the user, if the subscription is interested.
    pub fn offer(&mut self, event: &Arc<Event>, bound: usize) {
        // This node may be behind the one that gave the cursor.
        let is_past = self.cursor.is_past(event.lane, event.offset);
        if self.overflowed || is_past || !self.interest.includes(event) {
            return;
        }
        if self.frames.len() >= bound {
            self.overflowed = true;
            self.frames = VecDeque::new();
        } else {
            self.cursor.pass(event.lane, event.offset);
            self.frames.push_back(Frame { event: event.clone(), cursor: self.cursor.clone() });
        }
        self.wake.notify_one();
    }

    /// What waits, and the cursor after it; `None` once the queue has overflowed.
    pub fn take(&mut self) -> Option<(Vec<Frame>, Cursor)> {
        if self.overflowed { None } else { Some((self.frames.drain(..).collect(), self.cursor.clone())) }
    }
}
