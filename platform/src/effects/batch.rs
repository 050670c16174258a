//! A batch: what records of one partition ask for, up to a position.

use schemas::position::LogTime;

use super::Options;
use super::position::Position;
use crate::ports::Record;

/// A position with the time of the last record before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub position: Position,
    pub time: LogTime,
}

/// A record that asks for something.
pub(super) struct Item<T> {
    pub record: Record,
    pub effects: Vec<T>,
}

pub(super) struct Batch<T> {
    pub items: Vec<Item<T>>,
    /// Records that say nothing that can be understood, with the reasons.
    pub poison: Vec<(Record, String)>,
    /// Absent while no record has entered.
    pub reached: Option<Reached>,
    effects: usize,
    bytes: usize,
}

impl<T> Default for Batch<T> {
    fn default() -> Self {
        Self { items: Vec::new(), poison: Vec::new(), reached: None, effects: 0, bytes: 0 }
    }
}

impl<T> Batch<T> {
    pub fn is_full(&self, options: &Options) -> bool {
        self.effects >= options.batch || self.bytes >= options.batch_bytes
    }

    /// Whether the batch holds neither effects nor poison.
    pub fn is_idle(&self) -> bool {
        self.items.is_empty() && self.poison.is_empty()
    }

    pub fn push(&mut self, record: Record, effects: Vec<T>) {
        if !effects.is_empty() {
            self.effects += effects.len();
            self.bytes += record.value.len();
            self.items.push(Item { record, effects });
        }
    }

    pub fn push_poison(&mut self, record: Record, reason: String) {
        self.effects += 1;
        self.bytes += record.value.len();
        self.poison.push((record, reason));
    }
}
