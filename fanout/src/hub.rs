//! What a node holds in memory: recent events by lane and their renderings, the users who are here
//! with their conversations, and the queues of their subscriptions.
//!
//! Invariants:
//! - Events enter a lane in order, once; what repeats is dropped by counting.
//! - Every live subscription is offered each event in the turn in which it enters, so a subscription
//!   that turns live at the end of the rings has missed nothing.
//! - The rings reach back at least to the newest settled snapshot.

mod queue;
mod ring;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform::ports::Record;
use schemas::UserId;
use schemas::position::Offset;
use tokio::sync::Notify;

use crate::cursor::Cursor;
use crate::event::{About, Event};
use crate::lanes::{Lane, Lanes, Position};
use crate::metrics;
use crate::render::Renderings;
use crate::snapshot::{Snapshot, SnapshotId};

pub use queue::{Frame, Interest, Queue};
use ring::Rings;
pub use users::UserRows;
use users::Users;

/// Bytes of recent renderings in memory: some seconds of them.
const RENDERED_BYTES: usize = 16 * 1024 * 1024;

/// Names a subscription on this node.
pub type SubscriptionId = u64;

pub struct Hub {
    pub lanes: Lanes,
    pub renderings: Renderings,
    queue_bound: usize,
    state: Mutex<State>,
}

struct State {
    rings: Rings,
    users: Users,
    queues: HashMap<SubscriptionId, Queue>,
    by_user: HashMap<UserId, Vec<SubscriptionId>>,
    next_id: SubscriptionId,
    /// The newest snapshot that is stored: live cursors refer to it.
    stored: Arc<Snapshot>,
    /// The newest snapshot that is settled: new subscriptions start there.
    settled: Arc<Snapshot>,
}

/// The rings' starts, to tell later whether they have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach(Vec<Offset>);

impl Hub {
    /// A hub that goes on from a settled snapshot.
    pub fn new(lanes: Lanes, settled: Snapshot, ring_bytes: usize, queue_bound: usize) -> Self {
        let settled = Arc::new(settled);
        let state = State {
            rings: Rings::new(&settled.positions, ring_bytes),
            users: Users::default(),
            queues: HashMap::new(),
            by_user: HashMap::new(),
            next_id: 0,
            stored: settled.clone(),
            settled,
        };
        let renderings = Renderings::new(RENDERED_BYTES);
        Self { lanes, renderings, queue_bound, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in records of a lane, and offers them to whom they concern.
    pub fn enter(&self, lane: Lane, records: Vec<Record>) {
        let mut guard = self.state();
        let state = &mut *guard;
        for record in records {
            let offset = record.offset;
            match Event::read(self.lanes.topic(lane), lane, record) {
                Ok(event) => {
                    if let Some(event) = state.rings.push(event) {
                        state.users.apply(&event);
                        state.offer(&event, self.queue_bound);
                    }
                }
                Err(error) => {
                    metrics::UNREADABLE.inc();
                    tracing::warn!(lane = lane.0, offset, %error, "malformed event");
                    state.rings.skip(lane, offset);
                }
            }
        }
    }

    /// Positions right now, in the same turn for all lanes.
    pub fn positions(&self) -> Vec<Position> {
        self.state().rings.positions()
    }

    pub fn settled(&self) -> Arc<Snapshot> {
        self.state().settled.clone()
    }

    /// The newest snapshot that is stored.
    pub fn newest(&self) -> Arc<Snapshot> {
        self.state().stored.clone()
    }

    /// The snapshots in memory, for cursors that refer to them.
    pub fn remembers(&self, id: &SnapshotId) -> Option<Arc<Snapshot>> {
        let state = self.state();
        [&state.stored, &state.settled].into_iter().find(|snapshot| snapshot.id == *id).cloned()
    }

    /// A snapshot is stored: live cursors go on from it.
    pub fn adopt(&self, snapshot: Arc<Snapshot>) {
        let state = &mut *self.state();
        for queue in state.queues.values_mut().filter(|queue| queue.is_live()) {
            queue.cursor.adopt(&snapshot);
        }
        state.stored = snapshot;
    }

    /// A snapshot is settled: what lies before it may go.
    pub fn settle(&self, snapshot: Arc<Snapshot>) {
        let state = &mut *self.state();
        state.rings.trim(&snapshot.positions);
        state.settled = snapshot;
    }

    /// Where the rings start; taken before a user's rows are read.
    pub fn reach(&self) -> Reach {
        Reach(self.state().rings.starts())
    }

    /// Makes a user known from their rows and opens a queue for them, in one turn; nothing enters
    /// the queue until it is live. `None` if the rings have moved since `reach` was taken: what has
    /// left them meanwhile may be missing in the rows.
    pub fn open(
        &self,
        user: &UserId,
        interest: Interest,
        cursor: Cursor,
        rows: UserRows,
        reach: &Reach,
    ) -> Option<(SubscriptionId, Arc<Notify>)> {
        let state = &mut *self.state();
        if Reach(state.rings.starts()) != *reach {
            return None;
        }
        state.users.add(user, rows);
        for event in state.rings.all().filter(|event| event.users.contains(user)) {
            state.users.apply(event);
        }
        let id = state.next_id;
        state.next_id += 1;
        let queue = Queue::new(user.clone(), interest, cursor);
        let wake = queue.wake.clone();
        state.queues.insert(id, queue);
        state.by_user.entry(user.clone()).or_default().push(id);
        Some((id, wake))
    }

    /// Closes a queue; a user without any is forgotten.
    pub fn close(&self, id: SubscriptionId) {
        let state = &mut *self.state();
        let Some(queue) = state.queues.remove(&id) else { return };
        if let Some(ids) = state.by_user.get_mut(&queue.user) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                state.by_user.remove(&queue.user);
                state.users.remove(&queue.user);
            }
        }
    }

    /// The user's events in the rings from the newest settled snapshot on.
    pub fn since_settled(&self, user: &UserId) -> Vec<Arc<Event>> {
        self.state().since_settled(user).cloned().collect()
    }

    /// Turns a queue live at a settled snapshot: what `is_readable` in the rows is passed over, the
    /// rest is queued. Gives the cursor between the two; `None` if another snapshot is the newest
    /// settled one by now, or the queue is gone.
    pub fn go_live_fresh(
        &self,
        id: SubscriptionId,
        settled: &Arc<Snapshot>,
        is_readable: impl Fn(&Event) -> bool,
    ) -> Option<Cursor> {
        let state = &mut *self.state();
        if !Arc::ptr_eq(&state.settled, settled) {
            return None;
        }
        let user = state.queues.get(&id)?.user.clone();
        let events: Vec<Arc<Event>> = state.since_settled(&user).cloned().collect();
        let queue = state.queues.get_mut(&id)?;
        queue.cursor = Cursor::at(settled.id.clone());
        // Within a lane all that is readable comes before all that is not.
        let (readable, other): (Vec<_>, Vec<_>) = events.iter().partition(|event| is_readable(event));
        for event in readable {
            queue.cursor.pass(event.lane, event.offset);
        }
        let cursor = queue.cursor.clone();
        for event in other {
            queue.offer(event, self.queue_bound);
        }
        queue.go_live();
        Some(cursor)
    }

    /// Moves up to `most` of the user's events from the rings to the queue, from `next` on in each
    /// lane. Says whether the queue is live now; if not, call again when it has room.
    ///
    /// Errors with the lane whose ring does not reach back to `next`.
    pub fn catch_up(
        &self,
        id: SubscriptionId,
        next: &mut BTreeMap<Lane, Offset>,
        most: usize,
    ) -> Result<bool, Lane> {
        let state = &mut *self.state();
        let Some(user) = state.queues.get(&id).map(|queue| queue.user.clone()) else { return Ok(true) };
        let mut events = Vec::new();
        for (lane, from) in next.iter_mut() {
            if *from < state.rings.start(*lane) {
                return Err(*lane);
            }
            for event in state.rings.since(*lane, *from) {
                if events.len() == most {
                    break;
                }
                *from = event.offset + 1;
                if state.concerns(&user, event) {
                    events.push(event.clone());
                }
            }
        }
        let done = events.len() < most;
        if let Some(queue) = state.queues.get_mut(&id) {
            for event in events {
                queue.offer(&event, self.queue_bound);
            }
            if done {
                // A snapshot that is adopted from now on may have been taken before, and lie behind.
                for (lane, from) in next.iter().filter(|(lane, from)| state.stored.next(**lane) < **from) {
                    queue.cursor.pass(*lane, from - 1);
                }
                queue.go_live();
            }
        }
        Ok(done)
    }

    /// Where the ring of a lane starts.
    pub fn ring_start(&self, lane: Lane) -> Offset {
        self.state().rings.start(lane)
    }

    /// Whether an event, from the log or the rings, is for the user.
    pub fn concerns(&self, user: &UserId, event: &Event) -> bool {
        self.state().concerns(user, event)
    }

    /// Whether a message that the user hears answers one that they do not see.
    pub fn misses_quote(&self, user: &UserId, event: &Event) -> bool {
        self.state().users.misses_quote(user, event)
    }

    /// Puts a queue where its client's cursor is.
    pub fn set_cursor(&self, id: SubscriptionId, cursor: Cursor) {
        if let Some(queue) = self.state().queues.get_mut(&id) {
            queue.cursor = cursor;
        }
    }

    /// Notes in the cursor that a replayed event was delivered, and gives the cursor.
    pub fn pass(&self, id: SubscriptionId, event: &Event) -> Option<Cursor> {
        let state = &mut *self.state();
        let queue = state.queues.get_mut(&id)?;
        queue.cursor.pass(event.lane, event.offset);
        Some(queue.cursor.clone())
    }

    /// Takes what waits in a queue, and the cursor after it; `None` when the queue has overflowed or
    /// is gone.
    pub fn take(&self, id: SubscriptionId) -> Option<(Vec<Frame>, Cursor)> {
        self.state().queues.get_mut(&id)?.take()
    }

    pub fn subscriptions(&self) -> usize {
        self.state().queues.len()
    }
}

impl State {
    fn since_settled(&self, user: &UserId) -> impl Iterator<Item = &Arc<Event>> {
        let lanes = self.settled.positions.iter().enumerate();
        let events = lanes.flat_map(|(lane, at)| self.rings.since(Lane(lane as u16), at.next));
        events.filter(move |event| self.concerns(user, event))
    }

    fn concerns(&self, user: &UserId, event: &Event) -> bool {
        match &event.about {
            About::User(about) => about == user,
            About::Conversation(conversation) => self.users.hears(user, conversation, event),
        }
    }

    fn offer(&mut self, event: &Arc<Event>, bound: usize) {
        let concerned: Vec<UserId> = match &event.about {
            About::User(user) => vec![user.clone()],
            About::Conversation(conversation) => self.users.in_conversation(conversation).cloned().collect(),
        };
        for user in concerned {
            if !self.concerns(&user, event) {
                continue;
            }
            for id in self.by_user.get(&user).into_iter().flatten() {
                if let Some(queue) = self.queues.get_mut(id).filter(|queue| queue.is_live()) {
                    queue.offer(event, bound);
                }
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
