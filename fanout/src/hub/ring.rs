//! Recent events of every lane, indexed by their keys and by the users that they name.
//!
//! Invariants: a ring holds, without gap, the events from its start to its position; each is found for
//! as long as it is held, however many others are.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use schemas::UserId;
use schemas::position::Offset;

use crate::event::{About, Event};
use crate::lanes::{Lane, Position};

pub struct Rings {
    rings: Vec<Ring>,
    /// By key. All events of one key stand in one lane, and here in its order.
    about: HashMap<About, Events>,
    /// By user whose memberships or blocks they change.
    naming: HashMap<UserId, Events>,
    bytes: usize,
    bound: usize,
    /// Nothing from here on is trimmed, whatever the bound says.
    keep: Vec<Offset>,
}

struct Ring {
    start: Offset,
    events: Events,
    position: Position,
}

type Events = VecDeque<Arc<Event>>;

impl Rings {
    pub fn new(positions: &[Position], bound: usize) -> Self {
        let ring =
            |position: &Position| Ring { start: position.next, events: Events::new(), position: *position };
        let keep = positions.iter().map(|position| position.next).collect();
        let rings = positions.iter().map(ring).collect();
        Self { rings, about: HashMap::new(), naming: HashMap::new(), bytes: 0, bound, keep }
    }

    /// Takes in an event; says whether it is new, or repeats.
    pub fn push(&mut self, event: &Arc<Event>) -> bool {
        let Some(ring) = self.rings.get_mut(event.lane.0 as usize) else { return false };
        if event.offset < ring.position.next || !ring.position.pass(event.offset, event.number) {
            return false;
        }
        self.bytes += event.bytes;
        ring.events.push_back(event.clone());
        self.about.entry(event.about.clone()).or_default().push_back(event.clone());
        for user in &event.users {
            self.naming.entry(user.clone()).or_default().push_back(event.clone());
        }
        true
    }

    /// Passes over a record that is no event.
    pub fn skip(&mut self, lane: Lane, offset: Offset) {
        if let Some(ring) = self.rings.get_mut(lane.0 as usize) {
            ring.position.next = ring.position.next.max(offset + 1);
        }
    }

    pub fn positions(&self) -> Vec<Position> {
        self.rings.iter().map(|ring| ring.position).collect()
    }

    pub fn starts(&self) -> Vec<Offset> {
        self.rings.iter().map(|ring| ring.start).collect()
    }

    pub fn start(&self, lane: Lane) -> Offset {
        self.rings.get(lane.0 as usize).map_or(0, |ring| ring.start)
    }

    /// Where a lane goes on.
    pub fn end(&self, lane: Lane) -> Offset {
        self.rings.get(lane.0 as usize).map_or(0, |ring| ring.position.next)
    }

    /// The events about something from the offset on that `from` says for their lane, in order.
    pub fn since<'a, F: Fn(Lane) -> Offset>(
        &'a self,
        about: &About,
        from: F,
    ) -> impl Iterator<Item = &'a Arc<Event>> + use<'a, F> {
        self.about.get(about).into_iter().flat_map(move |events| {
            let first = events.partition_point(|event| event.offset < from(event.lane));
            events.range(first..)
        })
    }

    /// The events that change a user's memberships or blocks.
    pub fn naming(&self, user: &UserId) -> impl Iterator<Item = &Arc<Event>> {
        self.naming.get(user).into_iter().flatten()
    }

    /// What lies before `positions` may go; it goes as far as the bound demands.
    pub fn trim(&mut self, positions: &[Position]) {
        self.keep = positions.iter().map(|position| position.next).collect();
        let mut over = self.bytes.saturating_sub(self.bound);
        for (ring, keep) in self.rings.iter_mut().zip(&self.keep) {
            while over > 0 && ring.events.front().is_some_and(|event| event.offset < *keep) {
                let Some(event) = ring.events.pop_front() else { break };
                ring.start = event.offset + 1;
                self.bytes -= event.bytes;
                over = over.saturating_sub(event.bytes);
                forget(&mut self.about, &event.about, &event);
                for user in &event.users {
                    forget(&mut self.naming, user, &event);
                }
            }
        }
    }
}

/// An event is not found under a key any more; it is among the oldest there.
fn forget<K: Eq + Hash>(found: &mut HashMap<K, Events>, key: &K, event: &Arc<Event>) {
    let Some(events) = found.get_mut(key) else { return };
    if let Some(at) = events.iter().position(|other| Arc::ptr_eq(other, event)) {
        events.remove(at);
    }
    if events.is_empty() {
        found.remove(key);
    }
}
