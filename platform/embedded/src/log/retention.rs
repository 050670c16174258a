//! Retention: removes records that are older than their topic keeps them.
//!
//! Invariants:
//! - Only the oldest records go: removal stops at the first that is young enough.
//! - The low mark is raised in memory before records go, and stored together with their removal.
//! - A step is bounded, so appends between steps wait little.

use fjall::Readable;
use platform::ports::LogError;
use schemas::position::{LogTime, Offset};
use schemas::topics::CleanUp;

use super::Shared;
use super::partition::{PartitionLog, ReadError, unreadable};
use super::record;
use crate::meta;

const STEP_RECORDS: usize = 1_000;

impl Shared {
    /// Removes what is too old at `now`; says how many records.
    ///
    /// Compacted topics keep everything: they hold a record per change of a platform entity, which
    /// on one machine is little, and readers must skip older records of a key anyway.
    pub(super) fn retain(&self, now: LogTime) -> Result<u64, LogError> {
        let mut removed = 0;
        for partition in self.topics.values().flatten() {
            let CleanUp::Delete(age) = partition.topic.clean_up else {
                continue;
            };
            let oldest = now - age.as_millis() as LogTime;
            loop {
                if self.closed.is_cancelled() {
                    return Ok(removed);
                }
                let step = self.retain_step(partition, oldest).map_err(unreadable)?;
                removed += step as u64;
                if step < STEP_RECORDS {
                    break;
                }
            }
        }
        Ok(removed)
    }

    fn retain_step(&self, partition: &PartitionLog, oldest: LogTime) -> Result<usize, ReadError> {
        let marks = partition.marks();
        let snapshot = self.database.snapshot();
        let mut low = marks.low;
        for entry in
            snapshot.range(&self.records, partition.key(low)..partition.key(marks.end)).take(STEP_RECORDS)
        {
            let (key, value) = entry.into_inner()?;
            if record::time_of(&value)? >= oldest {
                break;
            }
            low = record::offset_of(&key)? + 1;
        }
        if low == marks.low {
            return Ok(0);
        }
        partition.raise_low(low);
        let mut batch = self.database.batch();
        for offset in marks.low..low {
            batch.remove(&self.records, partition.key(offset));
        }
        batch.insert(
            &self.meta.keyspace,
            meta::low_key(partition.topic_id, partition.number),
            low.to_be_bytes(),
        );
        batch.commit()?;
        self.health.note_write();
        Ok(count(marks.low, low))
    }
}

fn count(from: Offset, to: Offset) -> usize {
    usize::try_from(to - from).unwrap_or(0)
}
