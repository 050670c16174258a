//! What a shard of a node holds in memory: recent events by lane, the users who are here with their
//! conversations and blocks, and the queues of their subscriptions.
//!
//! Invariants:
//! - Events enter a lane in order, once; repeats are dropped by counting.
//! - A user's answers to an event's questions are computed in the turn that computes its audience.
//! - Every live subscription is offered each event in the turn in which it enters, so a subscription
//!   that turns live at the end of the rings has missed nothing.
//! - The rings reach back at least to the newest settled snapshot.

mod notices;
mod queue;
mod ring;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use domain::delivery::Answers;
use graphql::live::Filter;
use platform::lock::locked;
use schemas::UserId;
use schemas::position::Offset;
use tokio::sync::Notify;

use crate::cursor::Cursor;
use crate::event::{About, Completed, Entry, Event};
use crate::lanes::{Lane, Lanes, Position};
use crate::snapshot::{Snapshot, SnapshotId};

use queue::Queues;
pub use queue::{Overflowed, Queue, Step, SubscriptionId, Taken};
use ring::Rings;
use users::Users;
pub use users::{Acquainted, Parted, UserRows};

pub struct Hub {
    pub lanes: Lanes,
    /// Notified when a step waits in a queue.
    pub wake: Notify,
    state: Mutex<State>,
}

struct State {
    rings: Rings,
    users: Users,
    queues: Queues,
    /// The newest snapshot that is stored: live cursors refer to it.
    stored: Arc<Snapshot>,
    /// The newest snapshot that is settled: new subscriptions start there.
    settled: Arc<Snapshot>,
}

/// Distinct selections of one user: each is rendered for every event.
pub const MAX_SELECTIONS: usize = 4;

/// Users whom one user may watch on a shard, all subscriptions together.
pub const MAX_WATCHED: usize = 2_000;

/// Why a queue was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// The rings have moved since `reach` was taken: what has left them meanwhile may be missing in the rows.
    Moved,
    /// The user's subscriptions have [`MAX_SELECTIONS`] other selections.
    TooManySelections,
    /// The user watches as many others as one may watch.
    TooManyWatched,
}

/// The rings' starts, by which it shows later whether they have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach(Vec<Offset>);

impl Hub {
    /// A hub that goes on from a settled snapshot.
    pub fn new(lanes: Lanes, settled: Arc<Snapshot>, ring_bytes: usize, queue_bound: usize) -> Self {
        let state = State {
            rings: Rings::new(&settled.positions, ring_bytes),
            users: Users::default(),
            queues: Queues::new(queue_bound),
            stored: settled.clone(),
            settled,
        };
        Self { lanes, wake: Notify::new(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Takes in records of a lane, and offers each event to the users who get it. Returns what hides
    /// others from users who are here and has begun or ended since the last call.
    pub fn enter(&self, lane: Lane, entries: &[Entry]) -> Vec<Parted> {
        let state = &mut *self.state();
        for entry in entries {
            match &entry.event {
                Some(event) if state.rings.push(event) => {
                    state.users.apply(event);
                    state.users.concerned(event, |id, answers| state.queues.offer(id, event, answers));
                }
                Some(_) => {}
                None => state.rings.skip(lane, entry.offset),
            }
        }
        self.wake_for(state);
        state.users.parted()
    }

    /// A subscription to notices alone is live at once.
    pub fn go_live(&self, id: SubscriptionId) {
        if let Some(queue) = self.state().queues.get_mut(id) {
            queue.go_live();
        }
    }

    /// Parts events by whether they may concern a user who is here.
    pub fn part<'a>(&self, events: Vec<&'a Arc<Event>>) -> (Vec<&'a Arc<Event>>, Vec<&'a Arc<Event>>) {
        let state = self.state();
        events.into_iter().partition(|event| state.users.may_concern(event))
    }

    fn wake_for(&self, state: &State) {
        if state.queues.has_waiting() {
            self.wake.notify_one();
        }
    }

    /// Moves the ids of queues that a step waits in to `into`, each once until it is empty again.
    pub fn waiting(&self, into: &mut Vec<SubscriptionId>) {
        self.state().queues.waiting(into);
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
    pub fn remembers(&self, id: SnapshotId) -> Option<Arc<Snapshot>> {
        let state = self.state();
        [&state.stored, &state.settled].into_iter().find(|snapshot| snapshot.id == id).cloned()
    }

    /// A snapshot is stored: live cursors go on from it.
    pub fn adopt(&self, snapshot: Arc<Snapshot>) {
        let state = &mut *self.state();
        state.queues.adopt(&snapshot);
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

    /// Makes a user known from their rows and opens a queue for what they select, in one turn; nothing
    /// enters the queue until it is live.
    pub fn open(
        &self,
        user: &UserId,
        (selection, filter): (u128, &Filter),
        cursor: Cursor,
        rows: UserRows,
        reach: &Reach,
    ) -> Result<SubscriptionId, NotOpened> {
        let state = &mut *self.state();
        if Reach(state.rings.starts()) != *reach {
            return Err(NotOpened::Moved);
        }
        if !state.has_room_for(user, selection) {
            return Err(NotOpened::TooManySelections);
        }
        let watched = filter.watched().map_or(0, BTreeSet::len);
        if watched > 0 && watched + state.watched_by(user) > MAX_WATCHED {
            return Err(NotOpened::TooManyWatched);
        }
        let id = state.queues.open(Queue::new(user.clone(), selection, filter, cursor));
        state.users.add(user, rows);
        let own = state.rings.since(&About::User(user.clone()), |_| 0);
        for event in state.rings.naming(user).chain(own) {
            state.users.apply(event);
        }
        state.users.subscribe(user, id);
        Ok(id)
    }

    /// Closes a queue; a user without any is forgotten.
    pub fn close(&self, id: SubscriptionId) {
        let state = &mut *self.state();
        if let Some(queue) = state.queues.close(id) {
            state.users.remove(queue.user(), id);
        }
    }

    /// The user's events in the rings from the newest settled snapshot on.
    pub fn since_settled(&self, user: &UserId) -> Vec<Arc<Event>> {
        self.state().since_settled(user).into_iter().map(|(event, _)| event).collect()
    }

    /// Puts a queue at a settled snapshot, behind the user's events that are `readable` in the rows. Gives the
    /// cursor there, and the offsets to catch up from; `None` if another snapshot is the newest settled one
    /// by now, or the queue is gone.
    pub fn start_fresh(
        &self,
        id: SubscriptionId,
        settled: &Arc<Snapshot>,
        readable: &[Arc<Event>],
    ) -> Option<(Cursor, BTreeMap<Lane, Offset>)> {
        let state = &mut *self.state();
        if !Arc::ptr_eq(&state.settled, settled) {
            return None;
        }
        let queue = state.queues.get_mut(id)?;
        queue.cursor = Cursor::at(settled.id);
        for event in readable {
            queue.cursor.pass(event.lane, event.offset);
        }
        let cursor = queue.cursor.clone();
        let next = |lane| settled.next(lane).max(cursor.beyond.get(lane).unwrap_or_default());
        let next = self.lanes.all().map(|lane| (lane, next(lane))).collect();
        Some((cursor, next))
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
        let Some(user) = state.queues.get(id).map(|queue| queue.user().clone()) else { return Ok(true) };
        if let Some((lane, _)) = next.iter().find(|(lane, from)| **from < state.rings.start(**lane)) {
            return Err(*lane);
        }
        let from = |lane| next.get(&lane).copied().unwrap_or(Offset::MAX);
        let mut events = state.since(&user, from, most.saturating_add(1));
        let done = events.len() <= most;
        events.truncate(most);
        let last = events.last().filter(|_| !done).map(|(last, _)| (last.lane, last.offset));
        for (lane, from) in next.iter_mut() {
            match last {
                Some((last, _)) if *lane > last => break,
                Some((last, offset)) if *lane == last => *from = offset + 1,
                _ => *from = state.rings.end(*lane).max(*from),
            }
        }
        state.queues.refill(id, &events);
        if done && let Some(queue) = state.queues.get_mut(id) {
            // A snapshot that is adopted from now on may have been taken before, and lie behind.
            for (lane, from) in next.iter().filter(|(lane, from)| state.stored.next(**lane) < **from) {
                queue.move_on(|cursor| cursor.pass(*lane, from - 1));
            }
            queue.go_live();
        }
        Ok(done)
    }

    /// Where the ring of a lane starts.
    pub fn ring_start(&self, lane: Lane) -> Offset {
        self.state().rings.start(lane)
    }

    /// A user's answers to the questions of an event, from the log or the rings; `None` if the user does not
    /// get it.
    pub fn answers(&self, user: &UserId, event: &Event, completed: &Completed) -> Option<Answers> {
        self.state().users.answers(user, event, completed)
    }

    /// Puts a queue where its client's cursor is.
    pub fn set_cursor(&self, id: SubscriptionId, cursor: Cursor) {
        if let Some(queue) = self.state().queues.get_mut(id) {
            queue.cursor = cursor;
        }
    }

    /// Notes in the cursor that a replayed event was delivered, and gives the cursor.
    pub fn pass(&self, id: SubscriptionId, event: &Event) -> Option<Cursor> {
        let state = &mut *self.state();
        let queue = state.queues.get_mut(id)?;
        queue.cursor.pass(event.lane, event.offset);
        Some(queue.cursor.clone())
    }

    /// Moves up to `most` steps of what waits in a queue to `into`. A queue that is gone has overflowed.
    pub fn take(&self, id: SubscriptionId, most: usize, into: &mut Vec<Step>) -> Result<Taken, Overflowed> {
        self.taking().take(id, most, into)
    }

    /// Takes from several queues, and nothing comes in between.
    pub fn taking(&self) -> Taking<'_> {
        Taking(self.state())
    }

    /// The cursor of a live queue that nothing waits in.
    pub fn quiet(&self, id: SubscriptionId) -> Option<Cursor> {
        self.state().queues.get(id)?.quiet().cloned()
    }

    pub fn subscriptions(&self) -> usize {
        self.state().queues.len()
    }
}

/// Holds the hub's lock.
pub struct Taking<'a>(MutexGuard<'a, State>);

impl Taking<'_> {
    /// See [`Hub::take`].
    pub fn take(
        &mut self,
        id: SubscriptionId,
        most: usize,
        into: &mut Vec<Step>,
    ) -> Result<Taken, Overflowed> {
        self.0.queues.get_mut(id).ok_or(Overflowed)?.take(most, into)
    }
}

impl State {
    /// Whether a user may subscribe with a selection, beside those that they have.
    fn has_room_for(&self, user: &UserId, selection: u128) -> bool {
        let queues = self.users.subscriptions(user).iter().filter_map(|id| self.queues.get(*id));
        let mut others: Vec<u128> =
            queues.map(Queue::selection).filter(|other| *other != selection).collect();
        others.sort_unstable();
        others.dedup();
        others.len() < MAX_SELECTIONS
    }

    /// Users whom a user watches in all subscriptions.
    fn watched_by(&self, user: &UserId) -> usize {
        let queues = self.users.subscriptions(user).iter().filter_map(|id| self.queues.get(*id));
        queues.map(|queue| queue.watched().len()).sum()
    }

    fn since_settled(&self, user: &UserId) -> Vec<(Arc<Event>, Answers)> {
        self.since(user, |lane| self.settled.next(lane), usize::MAX)
    }

    /// The user's events in the rings from the offset on that `from` says for each lane, in order; of each
    /// conversation no more than `most`, so the first `most` of all are among them.
    fn since(&self, user: &UserId, from: impl Fn(Lane) -> Offset, most: usize) -> Vec<(Arc<Event>, Answers)> {
        let of_one = |about| {
            let events = self.rings.since(&about, &from);
            let events = events.filter_map(|event| {
                let answers = self.users.answers(user, event, event.completed()?)?;
                Some((event.clone(), answers))
            });
            events.take(most)
        };
        let mut events: Vec<_> = self.users.subjects(user).flat_map(of_one).collect();
        events.sort_unstable_by_key(|(event, _)| (event.lane, event.offset));
        events
    }
}

#[cfg(test)]
pub(crate) mod tests;
