//! One partition: its marks, its newest records in memory, the rest in the store.
//!
//! Invariants:
//! - Offsets from `low` to just before `end` are all there; a compacted topic keeps everything too.
//! - The tail in memory ends at `end` and has no hole; it is bounded in bytes.
//! - `low` and `end` never go down.

use std::collections::VecDeque;
use std::sync::Mutex;

use fjall::{Database, Keyspace, Readable};
use platform::ports::{LogError, Marks, Record};
use schemas::position::{Offset, Partition};
use schemas::topics::Topic;
use tokio::sync::watch;

use super::record;
use crate::bytes::Malformed;
use crate::locked;

const TAIL_BYTES: usize = 256 * 1024;
/// At most so much in one page, but always a record.
const PAGE_RECORDS: usize = 512;
const PAGE_BYTES: usize = 1024 * 1024;

/// Why stored records cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Store(#[from] fjall::Error),
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

pub(super) struct PartitionLog {
    pub(super) topic: &'static Topic,
    pub(super) topic_id: u16,
    pub(super) number: Partition,
    state: Mutex<State>,
    ends: watch::Sender<Offset>,
}

struct State {
    low: Offset,
    end: Offset,
    tail: VecDeque<Record>,
    tail_bytes: usize,
}

impl State {
    fn marks(&self) -> Marks {
        Marks { low: self.low, end: self.end }
    }

    /// The records from `from` on, if memory has that one.
    fn recent(&self, from: Offset) -> Option<Vec<Record>> {
        let first = self.tail.front()?.offset;
        let skipped = usize::try_from(from.checked_sub(first)?).ok()?;
        Some(self.tail.iter().skip(skipped).take(PAGE_RECORDS).cloned().collect())
    }

    fn forget_first(&mut self) {
        if let Some(first) = self.tail.pop_front() {
            self.tail_bytes -= record::weight(&first);
        }
    }
}

impl PartitionLog {
    /// Finds the end in the store, above a low mark that is known.
    pub(super) fn recover(
        records: &Keyspace,
        topic: &'static Topic,
        topic_id: u16,
        number: Partition,
        low: Offset,
    ) -> Result<Self, ReadError> {
        let range =
            record::stored_key(topic_id, number, low)..=record::stored_key(topic_id, number, Offset::MAX);
        let end = match records.range(range).next_back() {
            Some(last) => record::offset_of(&last.key()?)? + 1,
            None => low,
        };
        let state = State { low, end, tail: VecDeque::new(), tail_bytes: 0 };
        Ok(Self { topic, topic_id, number, state: Mutex::new(state), ends: watch::Sender::new(end) })
    }

    pub(super) fn marks(&self) -> Marks {
        locked(&self.state).marks()
    }

    /// Says when the end moves.
    pub(super) fn ends(&self) -> watch::Receiver<Offset> {
        self.ends.subscribe()
    }

    /// The marks, if `wanted` is a place to read at: from `low` up to and with `end`.
    pub(super) fn admit(&self, wanted: Offset) -> Result<Marks, LogError> {
        let marks = self.marks();
        if (marks.low..=marks.end).contains(&wanted) {
            Ok(marks)
        } else {
            Err(LogError::OutOfRange { wanted, marks })
        }
    }

    /// Makes committed records, which follow the end, readable.
    pub(super) fn publish(&self, appended: Vec<Record>) {
        let end = {
            let mut state = locked(&self.state);
            for new in appended {
                state.end = new.offset + 1;
                state.tail_bytes += record::weight(&new);
                state.tail.push_back(new);
            }
            while state.tail_bytes > TAIL_BYTES {
                state.forget_first();
            }
            state.end
        };
        self.ends.send_replace(end);
    }

    /// Gives up everything below `low`.
    pub(super) fn raise_low(&self, low: Offset) {
        let mut state = locked(&self.state);
        state.low = state.low.max(low);
        while state.tail.front().is_some_and(|first| first.offset < low) {
            state.forget_first();
        }
    }

    /// The records from `from` on, some; none only at the end.
    pub(super) fn page(
        &self,
        database: &Database,
        records: &Keyspace,
        from: Offset,
    ) -> Result<Vec<Record>, LogError> {
        let marks = self.admit(from)?;
        if from == marks.end {
            return Ok(Vec::new());
        }
        if let Some(recent) = locked(&self.state).recent(from) {
            return Ok(recent);
        }
        let page = self.stored(records, &database.snapshot(), from, marks.end).map_err(unreadable)?;
        if page.first().is_some_and(|first| first.offset == from) {
            return Ok(page);
        }
        // Retention was faster, or the store has lost what it had acknowledged.
        self.admit(from)?;
        Err(LogError::Closed(format!("{} {} misses offset {from}", self.topic.name, self.number)))
    }

    fn stored(
        &self,
        records: &Keyspace,
        snapshot: &impl Readable,
        from: Offset,
        end: Offset,
    ) -> Result<Vec<Record>, ReadError> {
        let mut page = Vec::new();
        let mut bytes = 0;
        for entry in snapshot.range(records, self.key(from)..self.key(end)) {
            let (key, value) = entry.into_inner()?;
            bytes += value.len();
            if !page.is_empty() && bytes > PAGE_BYTES {
                break;
            }
            page.push(record::decode(self.number, record::offset_of(&key)?, &value)?);
            if page.len() == PAGE_RECORDS {
                break;
            }
        }
        Ok(page)
    }

    pub(super) fn key(&self, offset: Offset) -> [u8; 14] {
        record::stored_key(self.topic_id, self.number, offset)
    }
}

/// A store that cannot be read will not heal by itself.
pub(super) fn unreadable(error: impl std::fmt::Display) -> LogError {
    LogError::Closed(error.to_string())
}
