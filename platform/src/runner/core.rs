//! One partition of commands, without I/O: records and completions in, effects out.
//!
//! Commands are decided strictly in offset order; everything else is pipelined. Each command has an
//! `Entry` from its decision to the checkpoint that passes it.
//!
//! Invariants:
//! - A command is decided only with its owner and the rows it names in memory; until then all
//!   behind it wait.
//! - What counts as a command depends on the rules in force at its position alone, so its body is
//!   decoded at the head of the queue, after the controls before it.
//! - The watermark of a command's source advances for every command, decided, told again or poison.
//! - An owner's rows are written for a prefix of its commands whose outputs are all acknowledged.

mod decide;
mod handled;
mod settle;
mod write;

use std::collections::VecDeque;
use std::sync::Arc;

use fold::Fold;
use schemas::ErrorCode;
use schemas::control::Control;
use schemas::moderation::Hit;
use schemas::position::{Cause, LogTime, Offset};
use schemas::record::Outgoing;
use schemas::rows::RowKey;
use schemas::tables::views::View;

use super::checkpoint::Checkpoint;
use super::effect::{Effect, Input, ReadId, StoredBytes, Ticket};
use super::incoming::Incoming;
use super::memory::{Arrived, Memory};
use super::{Options, RunnerError};
use crate::ports::Record;
pub use handled::Handled;
use handled::{Hits, Tally};

pub struct Core<F: Fold> {
    options: Options,
    /// Offset that this run started at.
    start: Offset,
    memory: Memory<F>,
    /// Read and not yet decided.
    queue: VecDeque<(Record, Incoming<F>)>,
    /// Decided and not yet passed by the checkpoint; the first has ticket `first`.
    entries: VecDeque<Entry<F>>,
    first: Ticket,
    /// As of the last command decided.
    running: Checkpoint,
    /// As of the last command settled; what the next checkpoint says.
    settled: Checkpoint,
    /// Log time of the last command settled, and of the last that a checkpoint passes.
    settled_time: LogTime,
    checkpoint_time: LogTime,
    checkpointed: Offset,
    checkpointing: bool,
    handled: Tally,
    hits: Hits,
    effects: Vec<Effect<F::Id>>,
}

/// A command between its decision and its checkpoint.
struct Entry<F: Fold> {
    offset: Offset,
    time: LogTime,
    cause: Option<Cause>,
    control: Option<Control>,
    unacknowledged: usize,
    change: Change<F>,
    verdict: Answer,
}

/// What is to be stored for a command.
enum Change<F: Fold> {
    None,
    Unwritten(Box<Unwritten<F>>),
}

struct Unwritten<F: Fold> {
    id: F::Id,
    state: Arc<F::State>,
    rows: Vec<(RowKey, F::Row)>,
    views: Vec<View>,
}

enum Answer {
    None,
    /// With the code that it refuses with, if it does.
    Waiting(Outgoing, Option<ErrorCode>),
    Sent,
    Acknowledged,
}

impl<F: Fold> Core<F> {
    /// A partition that goes on from its checkpoint.
    pub fn new(checkpoint: Checkpoint, options: Options) -> Self {
        Self {
            options,
            start: checkpoint.next,
            memory: Memory::new(),
            queue: VecDeque::new(),
            entries: VecDeque::new(),
            first: 0,
            running: checkpoint.clone(),
            checkpointed: checkpoint.next,
            checkpointing: false,
            settled_time: LogTime::MIN,
            checkpoint_time: LogTime::MIN,
            handled: Tally::default(),
            hits: Hits::under(checkpoint.policy.as_ref()),
            settled: checkpoint,
            effects: Vec::new(),
        }
    }

    /// Takes in what has happened; what is to be started comes out, in order.
    pub fn handle(&mut self, input: Input<F::Id>) -> Result<Vec<Effect<F::Id>>, RunnerError> {
        match input {
            Input::Records(records) => {
                self.queue.extend(records.into_iter().map(|record| {
                    let incoming = Incoming::read(&record);
                    (record, incoming)
                }));
                self.load_ahead();
            }
            Input::Loaded { read, rows, complete } => self.loaded(read, &rows, complete)?,
            Input::Rows { read, rows } => self.rows_arrived(read, rows)?,
            Input::Acknowledged { ticket } => {
                if let Some(entry) = self.entry_mut(ticket) {
                    entry.unacknowledged -= 1;
                }
                self.write_owner_of(ticket);
                self.answer(ticket);
            }
            Input::Written { id } => self.written(&id),
            Input::VerdictAcknowledged { ticket } => {
                if let Some(entry) = self.entry_mut(ticket) {
                    entry.verdict = Answer::Acknowledged;
                }
            }
            Input::Checkpointed { next } => {
                self.checkpointing = false;
                self.checkpointed = next;
            }
            Input::Tick => self.checkpoint(),
        }
        // What is settled makes room for what waits.
        self.settle();
        while self.step()? {
            self.settle();
        }
        Ok(std::mem::take(&mut self.effects))
    }

    /// Whether more records should be read.
    pub fn has_room(&self) -> bool {
        self.queue.len() < self.options.read_ahead
    }

    /// Whether everything that was begun is stored, told and checkpointed.
    pub fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.checkpointed == self.settled.next && !self.checkpointing
    }

    /// Gives up what is read and not yet begun, because the partition goes to another owner.
    pub fn stop_deciding(&mut self) {
        self.queue.clear();
    }

    /// Offset before which everything is checkpointed.
    pub fn checkpointed(&self) -> Offset {
        self.checkpointed
    }

    /// Log time of the last command of this run that is checkpointed.
    pub fn checkpointed_time(&self) -> LogTime {
        self.checkpoint_time
    }

    /// Offset before which everything is stored and told.
    pub fn settled(&self) -> Offset {
        self.settled.next
    }

    /// Log time of a command of which the log has all outputs but one.
    pub fn awaits_one_output(&self, ticket: Ticket) -> Option<LogTime> {
        self.entry(ticket).filter(|entry| entry.unacknowledged == 1).map(|entry| entry.time)
    }

    /// What was done with how many records since this was asked last.
    pub fn take_handled(&mut self) -> impl Iterator<Item = (Handled, u64)> + use<F> {
        self.handled.take()
    }

    /// How often texts met which rules since this was asked last.
    pub fn take_hits(&mut self) -> impl Iterator<Item = (Hit, u64)> + use<F> {
        self.hits.take()
    }

    pub fn owners(&self) -> usize {
        self.memory.owners()
    }

    /// Issues the loads of owners that waiting commands name.
    fn load_ahead(&mut self) {
        for (_, incoming) in &self.queue {
            let Some(id) = incoming.owner() else { continue };
            if self.memory.slot(id).is_none()
                && let Some(read) = self.memory.issue(id, &[])
            {
                self.effects.push(Effect::Load { read, id: id.clone() });
            }
        }
    }

    fn loaded(&mut self, read: ReadId, rows: &[StoredBytes], complete: bool) -> Result<(), RunnerError> {
        if let (Some(id), Arrived::Rewrite(keys)) = self.memory.arrive(read, rows, complete, self.start)? {
            self.read(id, keys);
        }
        Ok(())
    }

    fn rows_arrived(&mut self, read: ReadId, rows: Vec<StoredBytes>) -> Result<(), RunnerError> {
        if self.memory.is_rewriting(read) {
            if let Some((id, rows)) = self.memory.arrive_batch(read, rows)? {
                self.effects.push(Effect::Write { id, views: vec![], rows });
            }
        } else {
            self.memory.arrive_rows(read, &rows)?;
        }
        Ok(())
    }

    fn read(&mut self, id: F::Id, keys: Vec<RowKey>) {
        if let Some(read) = self.memory.issue(&id, &keys) {
            self.effects.push(Effect::Read { read, id, keys });
        }
    }

    fn entry(&self, ticket: Ticket) -> Option<&Entry<F>> {
        self.entries.get(usize::try_from(ticket.checked_sub(self.first)?).ok()?)
    }

    fn entry_mut(&mut self, ticket: Ticket) -> Option<&mut Entry<F>> {
        self.entries.get_mut(usize::try_from(ticket.checked_sub(self.first)?).ok()?)
    }
}
