//! Appends: gives offsets and times to queued records and commits them as one batch.
//!
//! Invariants:
//! - Offsets are given by the one thread that calls [`Appender::commit`].
//! - A record is readable before its receipt resolves, and never before it is committed.
//! - After an error of the store nothing is appended: what follows would leave a gap.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use platform::ports::{LogError, Record};
use schemas::position::{LogTime, Offset, Partition};
use schemas::record::Outgoing;
use tokio::sync::oneshot;

use super::Shared;
use super::partition::PartitionLog;
use super::record;
use crate::memtable::Memtable;

pub(super) enum Command {
    Append {
        to: Arc<PartitionLog>,
        record: Outgoing,
        done: oneshot::Sender<Result<Offset, LogError>>,
    },
    /// Notes a committed offset under its key.
    Note {
        key: Vec<u8>,
        offset: Offset,
        done: oneshot::Sender<Result<(), LogError>>,
    },
}

pub(super) struct Appender {
    shared: Arc<Shared>,
    memtable: Memtable,
}

/// What a group appends to one partition.
struct Run {
    to: Arc<PartitionLog>,
    next: Offset,
    records: Vec<Record>,
    waiting: Vec<(Offset, oneshot::Sender<Result<Offset, LogError>>)>,
}

impl Appender {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let memtable = Memtable::new(shared.records.clone());
        Self { shared, memtable }
    }

    /// Commits the group, in order, and answers each command.
    pub(super) fn commit(&mut self, group: Vec<Command>) {
        if let Some(closed) = self.shared.failure() {
            return refuse(group, &closed);
        }
        let time = self.shared.clock.now();
        let mut runs: BTreeMap<(u16, Partition), Run> = BTreeMap::new();
        let mut notes: HashMap<Vec<u8>, Offset> = HashMap::new();
        let mut noted = Vec::new();
        let mut batch = self.shared.database.batch();
        let mut bytes = 0;
        for command in group {
            match command {
                Command::Append { to, record, done } => {
                    let run =
                        runs.entry((to.topic_id, to.number)).or_insert_with(|| Run::after(Arc::clone(&to)));
                    let record = run.push(record, time, done);
                    let stored = record::encode(record);
                    bytes += stored.len();
                    batch.insert(&self.shared.records, to.key(record.offset), stored);
                }
                Command::Note { key, offset, done } => {
                    notes.insert(key, offset);
                    noted.push(done);
                }
            }
        }
        for (key, offset) in notes {
            batch.insert(&self.shared.meta.keyspace, key, offset.to_be_bytes());
        }

        let outcome = batch.commit();
        self.shared.health.note_write();
        if let Err(error) = &outcome {
            self.shared.health.fail(error);
        }
        for run in runs.into_values() {
            if outcome.is_ok() {
                run.to.publish(run.records);
            }
            for (offset, done) in run.waiting {
                // Whoever waits no longer does not want to know.
                let _ = done.send(match &outcome {
                    Ok(()) => Ok(offset),
                    Err(error) => Err(LogError::Unknown(error.to_string())),
                });
            }
        }
        for done in noted {
            let _ = done.send(match &outcome {
                Ok(()) => Ok(()),
                Err(error) => Err(LogError::Unknown(error.to_string())),
            });
        }
        if let Err(error) = self.memtable.wrote(bytes) {
            self.shared.health.fail(error);
        }
    }
}

impl Run {
    fn after(to: Arc<PartitionLog>) -> Self {
        let next = to.marks().end;
        Self { to, next, records: Vec::new(), waiting: Vec::new() }
    }

    fn push(
        &mut self,
        record: Outgoing,
        time: LogTime,
        done: oneshot::Sender<Result<Offset, LogError>>,
    ) -> &Record {
        let offset = self.next;
        self.next += 1;
        self.waiting.push((offset, done));
        self.records.push(Record {
            partition: self.to.number,
            offset,
            time,
            key: record.key.map(Bytes::from),
            headers: record
                .headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect(),
            value: record.value.into(),
        });
        &self.records[self.records.len() - 1]
    }
}

fn refuse(group: Vec<Command>, closed: &LogError) {
    for command in group {
        match command {
            Command::Append { done, .. } => drop(done.send(Err(closed.clone()))),
            Command::Note { done, .. } => drop(done.send(Err(closed.clone()))),
        }
    }
}
