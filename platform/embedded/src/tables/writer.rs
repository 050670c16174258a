//! Writes: merges queued rows with what is stored and commits them as one batch.
//!
//! Invariants:
//! - The one thread that calls [`Writer::commit`] is the only one that writes rows, so what it
//!   reads is current until its batch is committed.
//! - A batch of fjall holds a key once: rows are merged in memory first.
//! - A row with an expiry has an entry under that expiry, written with it. An entry may be stale,
//!   so the row itself decides whether it goes.

use std::collections::HashMap;
use std::sync::Arc;

use fjall::{Database, Keyspace};
use platform::ports::TablesError;
use schemas::position::LogTime;
use tokio::sync::oneshot;

use super::row::{NEVER, StoredRow};
use super::{StoreError, unavailable};
use crate::bytes::Malformed;
use crate::health::Health;
use crate::memtable::Memtable;

/// Number under which the entries of expiries stand; tables have numbers from 1.
const EXPIRIES: u16 = 0;
/// Bytes before the row's key in such an entry.
pub(super) const EXPIRY_PREFIX: usize = 10;

pub(super) enum Command {
    /// Rows by encoded key, each as stored.
    Put { rows: Vec<(Vec<u8>, Vec<u8>)>, done: oneshot::Sender<Result<(), TablesError>> },
    /// Removes rows that expired at `now`, at most `limit` entries; answers how many entries went.
    Sweep { now: LogTime, limit: usize, done: oneshot::Sender<Result<usize, TablesError>> },
}

pub(super) struct Writer {
    database: Database,
    rows: Keyspace,
    health: Arc<Health>,
    memtable: Memtable,
}

/// What a group changes: a stored row, or its removal.
type Changes = HashMap<Vec<u8>, Option<Vec<u8>>>;

impl Writer {
    pub(super) fn new(database: Database, rows: Keyspace, health: Arc<Health>) -> Self {
        let memtable = Memtable::new(rows.clone());
        Self { database, rows, health, memtable }
    }

    /// Commits the group, in order, and answers each command.
    pub(super) fn commit(&mut self, group: Vec<Command>) {
        let mut changes = Changes::new();
        let mut swept = Vec::new();
        let mut merged = Ok(());
        for command in &group {
            merged = merged.and_then(|()| match command {
                Command::Put { rows, .. } => self.merge(&mut changes, rows),
                Command::Sweep { now, limit, .. } => {
                    swept.push(self.remove_expired(&mut changes, *now, *limit)?);
                    Ok(())
                }
            });
        }
        let outcome = merged.and_then(|()| self.apply(changes)).map_err(unavailable);
        let mut swept = swept.into_iter();
        for command in group {
            // Whoever waits no longer does not want to know.
            match command {
                Command::Put { done, .. } => drop(done.send(outcome.clone())),
                Command::Sweep { done, .. } => {
                    drop(done.send(outcome.clone().map(|()| swept.next().unwrap_or(0))));
                }
            }
        }
    }

    fn merge(&self, changes: &mut Changes, rows: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError> {
        for (key, new) in rows {
            let row = StoredRow::parse(new)?;
            let wins = match changes.get(key) {
                Some(Some(pending)) => row.wins_over(&StoredRow::parse(pending)?),
                Some(None) => true,
                None => match self.rows.get(key)? {
                    Some(stored) => row.wins_over(&StoredRow::parse(&stored)?),
                    None => true,
                },
            };
            if wins {
                if row.expires != NEVER {
                    changes.insert(expiry_key(row.expires, key), Some(Vec::new()));
                }
                changes.insert(key.clone(), Some(new.clone()));
            }
        }
        Ok(())
    }

    fn remove_expired(&self, changes: &mut Changes, now: LogTime, limit: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        // Up to and with `now`: a row is gone from its expiry on.
        for entry in self.rows.range(expiry_key(LogTime::MIN, &[])..expiry_key(now + 1, &[])).take(limit) {
            let entry = entry.key()?;
            let key = entry.get(EXPIRY_PREFIX..).ok_or(Malformed)?;
            let expired = |stored: &[u8]| StoredRow::parse(stored).map(|row| row.expires <= now);
            let remove = match changes.get(key) {
                Some(Some(pending)) => expired(pending)?,
                Some(None) => false,
                None => match self.rows.get(key)? {
                    Some(stored) => expired(&stored)?,
                    None => false,
                },
            };
            if remove {
                changes.insert(key.to_vec(), None);
            }
            changes.insert(entry.to_vec(), None);
            removed += 1;
        }
        Ok(removed)
    }

    fn apply(&mut self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut batch = self.database.batch();
        let mut bytes = 0;
        for (key, change) in changes {
            bytes += key.len() + change.as_ref().map_or(0, Vec::len);
            match change {
                Some(stored) => batch.insert(&self.rows, key, stored),
                None => batch.remove(&self.rows, key),
            }
        }
        let committed = batch.commit().and_then(|()| self.memtable.wrote(bytes));
        self.health.note_write();
        Ok(committed.inspect_err(|error| self.health.fail(error))?)
    }
}

/// Sorts by expiry; negative times do not occur in it but sort all the same.
fn expiry_key(expires: LogTime, row: &[u8]) -> Vec<u8> {
    let mut key = EXPIRIES.to_be_bytes().to_vec();
    key.extend((expires ^ LogTime::MIN).to_be_bytes());
    key.extend_from_slice(row);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_its_row() {
        let key = expiry_key(7, b"row");
        assert_eq!(&key[EXPIRY_PREFIX..], b"row");
        assert_eq!(key[..2], EXPIRIES.to_be_bytes());
        assert!(expiry_key(-1, &[]) < expiry_key(0, &[]));
    }
}
