//! Recent events of every lane.
//!
//! Invariant: a ring holds, without gap, the events from its start to its position.

use std::collections::VecDeque;
use std::sync::Arc;

use schemas::position::Offset;

use crate::event::Event;
use crate::lanes::{Lane, Position};

pub struct Rings {
    rings: Vec<Ring>,
    bytes: usize,
    bound: usize,
    /// Nothing from here on is trimmed, whatever the bound says.
    keep: Vec<Offset>,
}

struct Ring {
    start: Offset,
    events: VecDeque<Arc<Event>>,
    position: Position,
}

impl Rings {
    pub fn new(positions: &[Position], bound: usize) -> Self {
        let ring =
            |position: &Position| Ring { start: position.next, events: VecDeque::new(), position: *position };
        let keep = positions.iter().map(|position| position.next).collect();
        Self { rings: positions.iter().map(ring).collect(), bytes: 0, bound, keep }
    }

    /// Takes in an event; says whether it is new, or repeats.
    pub fn push(&mut self, event: &Arc<Event>) -> bool {
        let Some(ring) = self.rings.get_mut(event.lane.0 as usize) else { return false };
        if event.offset < ring.position.next || !ring.position.pass(event.offset, event.number) {
            return false;
        }
        self.bytes += event.bytes;
        ring.events.push_back(event.clone());
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

    pub fn all(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.rings.iter().flat_map(|ring| &ring.events)
    }

    pub fn since(&self, lane: Lane, from: Offset) -> impl Iterator<Item = &Arc<Event>> {
        let events = self.rings.get(lane.0 as usize).map(|ring| &ring.events);
        let first = events.map_or(0, |events| events.partition_point(|event| event.offset < from));
        events.into_iter().flat_map(move |events| events.range(first..))
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
            }
        }
    }
}
