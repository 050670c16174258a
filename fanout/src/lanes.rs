//! Lanes: the partitions of the two event topics, numbered as one sequence.

use schemas::position::{Number, Offset, Partition};
use schemas::topics::{ACCOUNT_EVENTS, EVENTS, Topic};

/// A partition of `events` or `account-events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane(pub u16);

/// How many partitions each topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lanes {
    pub partitions: Partition,
}

impl Lanes {
    pub fn all(self) -> impl Iterator<Item = Lane> {
        (0..self.count() as u16).map(Lane)
    }

    pub fn count(self) -> usize {
        2 * self.partitions as usize
    }

    pub fn topic(self, lane: Lane) -> &'static Topic {
        if i32::from(lane.0) < self.partitions { &EVENTS } else { &ACCOUNT_EVENTS }
    }

    /// Whether a lane is read with a delay. An account changes with each send: read at once, its events would
    /// take processor time just when the message is delivered.
    pub fn is_lazy(self, lane: Lane) -> bool {
        *self.topic(lane) == ACCOUNT_EVENTS
    }

    pub fn partition(self, lane: Lane) -> Partition {
        i32::from(lane.0) % self.partitions
    }
}

/// A place in a lane: the next offset, and the cause of the last record before it that counted.
///
/// Causes only go up within a lane, so what is not above the number is a repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    pub next: Offset,
    pub number: Option<Number>,
}

impl Position {
    /// Takes in the record at `offset`; says whether it counts.
    pub fn pass(&mut self, offset: Offset, number: Number) -> bool {
        self.next = offset + 1;
        let counts = self.number.is_none_or(|seen| number > seen);
        if counts {
            self.number = Some(number);
        }
        counts
    }
}
