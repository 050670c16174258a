//! Owners in memory, and the reads that bring them and their rows there.
//!
//! Invariants:
//! - What is in memory and unwritten is never replaced or evicted.
//! - Rows read later count only if the state read with them is the one that memory holds as written.
//! - Dropping an owner voids its reads in flight: a load counts only if it was issued afterwards.

use std::collections::{BTreeMap, VecDeque};

use fold::{Fold, Owner, StoredRow};
use schemas::avro;
use schemas::position::Offset;
use schemas::rows::LastBatch;
use schemas::rows::{self, RowKey};

use super::RunnerError;
use super::effect::{ReadId, StoredBytes, Ticket};
use super::fault::{self, Fault};

/// An owner in memory.
pub struct Slot<F: Fold> {
    pub owner: Owner<F>,
    /// `applied` of the state that is known to be stored; -1 if none is.
    pub written: Offset,
    /// Decided and not yet written, in offset order.
    pub unwritten: VecDeque<Ticket>,
    /// How many of `unwritten` are being written.
    pub writing: usize,
    /// False until the last batch of the owner before is written again.
    pub ready: bool,
    /// When it was used last, in decisions.
    pub used: u64,
}

impl<F: Fold> Slot<F> {
    /// Nothing of it is unwritten, so it can be read again as it is.
    fn is_idle(&self) -> bool {
        self.ready && self.unwritten.is_empty()
    }
}

/// A read in flight.
struct Read<Id> {
    id: Id,
    keys: Vec<RowKey>,
}

/// What became of an owner that was loaded.
pub enum Arrived {
    /// Nothing waits for it any more.
    Void,
    Ready,
    /// Its last batch may be on some replicas only: read these rows, and write them again.
    Rewrite(Vec<RowKey>),
}

pub struct Memory<F: Fold> {
    slots: BTreeMap<F::Id, Slot<F>>,
    reads: BTreeMap<ReadId, Read<F::Id>>,
    next_read: ReadId,
    clock: u64,
}

impl<F: Fold> Memory<F> {
    pub fn new() -> Self {
        Self { slots: BTreeMap::new(), reads: BTreeMap::new(), next_read: 0, clock: 0 }
    }

    pub fn slot(&self, id: &F::Id) -> Option<&Slot<F>> {
        self.slots.get(id)
    }

    pub fn slot_mut(&mut self, id: &F::Id) -> Option<&mut Slot<F>> {
        self.slots.get_mut(id)
    }

    /// Marks an owner as used.
    pub fn touch(&mut self, id: &F::Id) {
        self.clock += 1;
        if let Some(slot) = self.slots.get_mut(id) {
            slot.used = self.clock;
        }
    }

    /// Notes a read of an owner that is about to be issued; no keys for a load.
    /// `None` if the same is already on its way.
    pub fn issue(&mut self, id: &F::Id, keys: &[RowKey]) -> Option<ReadId> {
        let same = |read: &Read<F::Id>| read.id == *id && keys.iter().all(|key| read.keys.contains(key));
        let load = |read: &Read<F::Id>| read.id == *id && read.keys.is_empty();
        if self.reads.values().any(|read| if keys.is_empty() { load(read) } else { same(read) }) {
            return None;
        }
        let read = self.next_read;
        self.next_read += 1;
        self.reads.insert(read, Read { id: id.clone(), keys: keys.to_vec() });
        Some(read)
    }

    /// Takes in a load.
    pub fn arrive(
        &mut self,
        read: ReadId,
        rows: &[StoredBytes],
        complete: bool,
        start: Offset,
    ) -> Result<(Option<F::Id>, Arrived), RunnerError> {
        let Some(Read { id, .. }) = self.reads.remove(&read) else { return Ok((None, Arrived::Void)) };
        if self.slots.contains_key(&id) {
            return Ok((None, Arrived::Void));
        }
        let state = read_state::<F>(&id, rows)?;
        let (applied, _) = F::stamp(&state);
        let mut slot = Slot {
            owner: Owner::new(state, complete),
            written: applied,
            unwritten: VecDeque::new(),
            writing: 0,
            ready: true,
            used: self.clock,
        };
        for row in rows.iter().filter(|row| row.key.kind > rows::LAST_BATCH) {
            slot.owner.set(row.key.clone(), Some(read_row::<F>(&id, row)?));
        }
        let mut arrived = Arrived::Ready;
        if applied >= start && !fault::is(Fault::NoRewrite) {
            slot.ready = false;
            arrived = Arrived::Rewrite(last_batch::<F>(&id, rows)?);
        }
        self.slots.insert(id.clone(), slot);
        Ok((Some(id), arrived))
    }

    /// Takes in rows that were read for an owner in memory. Gives the owner they belong to, unless
    /// they count no more.
    pub fn arrive_rows(&mut self, read: ReadId, rows: &[StoredBytes]) -> Result<Option<F::Id>, RunnerError> {
        let Some(Read { id, keys }) = self.reads.remove(&read) else { return Ok(None) };
        let (applied, _) = F::stamp(&read_state::<F>(&id, rows)?);
        let Some(slot) = self.slots.get_mut(&id).filter(|slot| slot.ready) else { return Ok(None) };
        if applied != slot.written && !fault::is(Fault::TornRead) {
            if slot.unwritten.is_empty() {
                self.drop_owner(&id);
            }
            return Ok(Some(id));
        }
        for key in keys {
            if !slot.owner.knows(&key) {
                let row = rows.iter().find(|row| row.key == key);
                let row = row.map(|row| read_row::<F>(&id, row)).transpose()?;
                slot.owner.set(key, row);
            }
        }
        Ok(Some(id))
    }

    /// Takes in the rows of a last batch. Gives what is to be written again, or nothing if the
    /// owner has moved on meanwhile, and was dropped.
    pub fn arrive_batch(
        &mut self,
        read: ReadId,
        mut rows: Vec<StoredBytes>,
    ) -> Result<Option<(F::Id, Vec<StoredBytes>)>, RunnerError> {
        let Some(Read { id, .. }) = self.reads.remove(&read) else { return Ok(None) };
        let Some(slot) = self.slots.get(&id) else { return Ok(None) };
        let (applied, _) = F::stamp(&read_state::<F>(&id, &rows)?);
        if applied != slot.written && !fault::is(Fault::RewriteBlind) {
            self.drop_owner(&id);
            return Ok(None);
        }
        for row in rows.iter_mut().filter(|row| row.key.kind > rows::LAST_BATCH) {
            row.seconds_to_live = read_row::<F>(&id, row)?.seconds_to_live();
        }
        Ok(Some((id, rows)))
    }

    pub fn is_rewriting(&self, read: ReadId) -> bool {
        let id = self.reads.get(&read).map(|read| &read.id);
        id.and_then(|id| self.slots.get(id)).is_some_and(|slot| !slot.ready)
    }

    /// Drops owners used longest ago until at most `most` are left, as far as they are idle.
    pub fn evict(&mut self, most: usize) {
        if self.slots.len() <= most {
            return;
        }
        let mut victims: Vec<(u64, F::Id)> = self
            .slots
            .iter()
            .filter(|(_, slot)| slot.is_idle())
            .map(|(id, slot)| (slot.used, id.clone()))
            .collect();
        victims.sort_by_key(|(used, _)| *used);
        // A tenth more than needed, so that this is not done again for every owner.
        let surplus = self.slots.len() - most + most / 10;
        for (_, id) in victims.into_iter().take(surplus) {
            self.drop_owner(&id);
        }
    }

    /// Drops an owner that has gathered more rows than `most`, if it is idle.
    pub fn slim(&mut self, id: &F::Id, most: usize) {
        if self.slots.get(id).is_some_and(|slot| slot.is_idle() && slot.owner.len() > most) {
            self.drop_owner(id);
        }
    }

    fn drop_owner(&mut self, id: &F::Id) {
        self.slots.remove(id);
        self.reads.retain(|_, read| read.id != *id);
    }

    pub fn owners(&self) -> usize {
        self.slots.len()
    }
}

fn read_state<F: Fold>(id: &F::Id, rows: &[StoredBytes]) -> Result<F::State, RunnerError> {
    match rows.iter().find(|row| row.key.kind == rows::STATE) {
        None => Ok(F::fresh()),
        Some(row) => avro::decode(&row.body).map_err(|error| unreadable::<F>(id, &error)),
    }
}

fn read_row<F: Fold>(id: &F::Id, row: &StoredBytes) -> Result<F::Row, RunnerError> {
    F::Row::decode(row.key.kind, &row.body).map_err(|error| unreadable::<F>(id, &error))
}

fn last_batch<F: Fold>(id: &F::Id, rows: &[StoredBytes]) -> Result<Vec<RowKey>, RunnerError> {
    let Some(row) = rows.iter().find(|row| row.key.kind == rows::LAST_BATCH) else { return Ok(vec![]) };
    let batch: LastBatch = avro::decode(&row.body).map_err(|error| unreadable::<F>(id, &error))?;
    let keys: Option<Vec<RowKey>> = batch.keys.iter().map(RowKey::from_batch).collect();
    keys.ok_or_else(|| unreadable::<F>(id, &"malformed key in the last batch"))
}

fn unreadable<F: Fold>(id: &F::Id, error: &dyn std::fmt::Display) -> RunnerError {
    RunnerError::Rows(id.to_string(), error.to_string())
}
