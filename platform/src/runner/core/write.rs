//! Writing what owners have become.

use std::collections::BTreeMap;

use fold::{Fold, StoredRow};
use schemas::avro;
use schemas::position::{Offset, Version};
use schemas::rows::LastBatch;
use schemas::rows::RowKey;
use schemas::tables::views::{View, ViewRow};

use super::decide::MAX_ROWS;
use super::{Change, Core, Unwritten};
use crate::runner::effect::{Effect, StoredBytes, Ticket};
use crate::runner::fault::{self, Fault};

/// Rows kept in memory beyond the resident ones before they are forgotten after a write.
const ROWS_KEPT: usize = 512;

impl<F: Fold> Core<F> {
    /// Starts a write for the owner of a command, if one is due.
    pub(super) fn write_owner_of(&mut self, ticket: Ticket) {
        if let Some(entry) = self.entry_mut(ticket)
            && let Change::Unwritten(change) = &entry.change
        {
            let id = change.id.clone();
            self.write(&id);
        }
    }

    /// Writes the owner's longest prefix of commands whose outputs are all acknowledged.
    fn write(&mut self, id: &F::Id) {
        let Some(slot) = self.memory.slot(id) else { return };
        if slot.writing > 0 || !slot.ready {
            return;
        }
        let mut batch = Batch::<F>::default();
        let mut count = 0;
        for ticket in &slot.unwritten {
            let Some(entry) = self.entry(*ticket) else { break };
            let acknowledged = entry.unacknowledged == 0 || fault::is(Fault::WriteBeforeAcknowledged);
            let Change::Unwritten(change) = &entry.change else { break };
            if !acknowledged || !batch.has_room(change.rows.len()) {
                break;
            }
            batch.add(entry.offset, change);
            count += 1;
        }
        if count == 0 {
            return;
        }
        let (views, rows) = batch.encode();
        if let Some(slot) = self.memory.slot_mut(id) {
            slot.writing = count;
        }
        self.effects.push(Effect::Write { id: id.clone(), views, rows });
    }

    /// A write holds: its commands are stored, and may be answered.
    pub(super) fn written(&mut self, id: &F::Id) {
        let Some(slot) = self.memory.slot_mut(id) else { return };
        if !slot.ready {
            slot.ready = true;
            return;
        }
        let done: Vec<Ticket> = slot.unwritten.drain(..slot.writing).collect();
        slot.writing = 0;
        for ticket in done {
            let Some(entry) = self.entry_mut(ticket) else { continue };
            entry.change = Change::None;
            let offset = entry.offset;
            if let Some(slot) = self.memory.slot_mut(id) {
                slot.written = offset;
            }
            self.answer(ticket);
        }
        self.forget_rows(id);
        self.write(id);
        self.memory.slim(id, self.options.owner_rows);
        self.memory.evict(self.options.owners);
    }

    /// Rows that can be read again do not pile up; unwritten ones stay.
    fn forget_rows(&mut self, id: &F::Id) {
        let Some(slot) = self.memory.slot(id) else { return };
        if slot.owner.keyed_len() <= ROWS_KEPT {
            return;
        }
        let unwritten: Vec<RowKey> = slot
            .unwritten
            .iter()
            .filter_map(|ticket| match &self.entry(*ticket)?.change {
                Change::Unwritten(change) => Some(change.rows.iter().map(|(key, _)| key.clone())),
                Change::None => None,
            })
            .flatten()
            .collect();
        if let Some(slot) = self.memory.slot_mut(id) {
            slot.owner.forget(|key| unwritten.contains(key));
        }
    }
}

/// Rows of several commands of one owner; of each row the newest form, under its own version.
struct Batch<'a, F: Fold> {
    state: Option<(Offset, &'a F::State)>,
    rows: BTreeMap<&'a RowKey, (Offset, &'a F::Row)>,
    views: Vec<(&'a View, Offset)>,
}

impl<F: Fold> Default for Batch<'_, F> {
    fn default() -> Self {
        Self { state: None, rows: BTreeMap::new(), views: Vec::new() }
    }
}

impl<'a, F: Fold> Batch<'a, F> {
    fn has_room(&self, rows: usize) -> bool {
        self.rows.len() + rows <= MAX_ROWS
    }

    fn add(&mut self, offset: Offset, change: &'a Unwritten<F>) {
        self.state = Some((offset, &change.state));
        self.rows.extend(change.rows.iter().map(|(key, row)| (key, (offset, row))));
        self.views.extend(change.views.iter().map(|view| (view, offset)));
    }

    fn encode(self) -> (Vec<(ViewRow, Version)>, Vec<StoredBytes>) {
        let mut stored = Vec::with_capacity(self.rows.len() + 2);
        if let Some((offset, state)) = self.state {
            let batch = LastBatch { keys: self.rows.keys().map(|key| key.to_batch()).collect() };
            for (key, body) in
                [(RowKey::state(), avro::encode(state)), (RowKey::last_batch(), avro::encode(&batch))]
            {
                let version = Version::of(offset);
                stored.push(StoredBytes { key, body: body.into(), version, seconds_to_live: None });
            }
        }
        stored.extend(self.rows.into_iter().map(|(key, (offset, row))| StoredBytes {
            key: key.clone(),
            body: row.encode().into(),
            version: Version::of(offset),
            seconds_to_live: row.seconds_to_live(),
        }));
        let views = self.views.into_iter().map(|(view, offset)| (view.to_row(), Version::of(offset)));
        (views.collect(), stored)
    }
}
