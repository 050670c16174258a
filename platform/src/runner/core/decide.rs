//! Deciding the command at the head of the queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fold::{Command, Decision, Fold, InForce, Purpose};
use schemas::control::Control;
use schemas::position::Offset;
use schemas::record::{Envelope, Outgoing};
use schemas::topics::MAX_RECORD_BYTES;
use schemas::verdict::{Done, Outcome};
use schemas::{ErrorCode, Refusal};

use super::{Answer, Change, Core, Entry, Handled, Unwritten};
use crate::ports::Record;
use crate::runner::RunnerError;
use crate::runner::checkpoint::runs;
use crate::runner::effect::{Effect, Ticket};
use crate::runner::fault::{self, Fault};
use crate::runner::incoming::Incoming;
use crate::runner::refuse::{self, MAX_OUTPUTS, Source};

/// The most rows that one command may write; a batch's keys must fit one statement.
pub(super) const MAX_ROWS: usize = 90;

/// Why a command that could be read is not run.
struct Failed {
    refusal: Refusal,
    /// Reason for the dead letters; absent where the command is sound.
    dead_letter: Option<String>,
}

impl<F: Fold> Core<F> {
    /// Decides the next command, if everything it needs is in memory. Says whether it did.
    pub(super) fn step(&mut self) -> Result<bool, RunnerError> {
        if self.entries.len() >= self.options.in_flight || !self.head_is_ready() {
            return Ok(false);
        }
        let Some((record, incoming)) = self.queue.pop_front() else { return Ok(false) };
        let ticket = self.first + self.entries.len() as Ticket;
        let cause = incoming.cause().copied();
        let repeats = cause.is_some_and(|cause| self.running.watermarks.has_seen(&cause))
            && !fault::is(Fault::NoWatermarks);
        let mut entry = Entry {
            offset: record.offset,
            time: record.time,
            cause,
            control: None,
            unacknowledged: 0,
            change: Change::None,
            verdict: Answer::None,
        };
        let handled = match incoming {
            _ if repeats => Handled::Dropped,
            Incoming::Control(control) => {
                check_rules::<F>(record.offset, &control)?;
                entry.control = Some(control);
                Handled::Control
            }
            // The head is decoded before it is ready, unless it repeats.
            Incoming::Undecoded { .. } => Handled::Dropped,
            Incoming::Poison { envelope, reason } => {
                self.refuse_poison(&mut entry, ticket, &record, &envelope, &reason);
                Handled::Poison
            }
            Incoming::Command { id, envelope, request } => {
                self.run(&mut entry, ticket, &record, id, envelope, request)
            }
        };
        self.handled.note(handled);
        let is_told_again = handled == Handled::Repeated;
        let cause = entry.cause.filter(|_| !(is_told_again && fault::is(Fault::WatermarksSkipped)));
        self.running.pass(record.offset, cause.as_ref(), entry.control.as_ref());
        if entry.control.is_some() {
            self.hits.come_under(self.running.policy.as_ref());
        }
        let writes = matches!(entry.change, Change::Unwritten(_));
        self.entries.push_back(entry);
        self.answer(ticket);
        self.write_owner_of(ticket);
        if !writes {
            // What is told again or dropped has brought its owner in, too, and no write will end it.
            self.memory.evict(self.options.owners);
        }
        Ok(true)
    }

    /// Whether the next command can be decided; issues the reads that are missing.
    fn head_is_ready(&mut self) -> bool {
        let Some((record, incoming)) = self.queue.front_mut() else { return false };
        if incoming.cause().is_some_and(|cause| self.running.watermarks.has_seen(cause))
            && !fault::is(Fault::NoWatermarks)
        {
            return true;
        }
        incoming.decode(record, self.running.rules);
        let Incoming::Command { id, envelope, request } = incoming else { return true };
        let id = id.clone();
        let Some(slot) = self.memory.slot(&id) else {
            if let Some(read) = self.memory.issue(&id, &[]) {
                self.effects.push(Effect::Load { read, id });
            }
            return false;
        };
        if !slot.ready {
            return false;
        }
        let mut missing = F::needs(request, purpose::<F>(&slot.owner.state, record.offset));
        missing.extend(envelope.once.as_ref().map(|key| F::once(key, record.time).0));
        missing.retain(|key| !slot.owner.knows(key));
        if missing.is_empty() {
            return true;
        }
        self.read(id, missing);
        false
    }

    /// Runs a command on its owner, which is in memory.
    fn run(
        &mut self,
        entry: &mut Entry<F>,
        ticket: Ticket,
        record: &Record,
        id: F::Id,
        envelope: Envelope,
        request: F::Request,
    ) -> Handled {
        self.memory.touch(&id);
        let Some(slot) = self.memory.slot_mut(&id) else { return Handled::Dropped };
        let (_, last) = F::stamp(&slot.owner.state);
        let at = fold::at(last, record.time);
        let command = Command { offset: record.offset, at, envelope, request };
        let source = Source { record, envelope: &command.envelope };
        if purpose::<F>(&slot.owner.state, record.offset) == Purpose::Repeat {
            let outcome = F::repeat(&id, &slot.owner, &command);
            entry.verdict = waiting(source.answer::<F>(outcome));
            return Handled::Repeated;
        }
        let in_force = self
            .running
            .policy
            .as_ref()
            .map(|version| InForce { policy: &version.policy, rules: self.running.rules });
        let decided = match in_force {
            Some(in_force) => decide::<F>(&in_force, &id, &slot.owner, &command, &source),
            None => Err(Failed { refusal: Refusal::unavailable("no policy is in force"), dead_letter: None }),
        };
        let (mut decision, outputs) = decided.unwrap_or_else(|failed| {
            let outputs = source.refused::<F>(&failed.refusal, failed.dead_letter.as_deref());
            let verdict = refuse::verdict(&command.envelope, failed.refusal);
            (Decision { verdict, ..Decision::none(&slot.owner) }, outputs)
        });
        self.hits.note(std::mem::take(&mut decision.hits));
        F::set_stamp(&mut decision.state, record.offset, at);
        slot.owner.state = Arc::new(decision.state);
        for (key, row) in &decision.rows {
            slot.owner.set(key.clone(), Some(row.clone()));
        }
        slot.unwritten.push_back(ticket);
        entry.verdict = waiting(source.answer::<F>(decision.verdict.take()));
        entry.change = Change::Unwritten(Box::new(Unwritten {
            id,
            state: slot.owner.state.clone(),
            rows: decision.rows,
            views: decision.views,
        }));
        self.produce(entry, ticket, outputs);
        Handled::Decided
    }

    /// A record that is no command has no owner; its charge, if it names one, is refunded.
    fn refuse_poison(
        &mut self,
        entry: &mut Entry<F>,
        ticket: Ticket,
        record: &Record,
        envelope: &Envelope,
        reason: &str,
    ) {
        tracing::warn!(
            machine = F::NAME,
            partition = record.partition,
            offset = record.offset,
            reason,
            "poison record"
        );
        let refusal = refuse::unreadable(reason);
        let source = Source { record, envelope };
        let outputs = source.refused::<F>(&refusal, Some(reason));
        entry.verdict = waiting(source.answer::<F>(refuse::verdict(envelope, refusal)));
        self.produce(entry, ticket, outputs);
    }

    fn produce(&mut self, entry: &mut Entry<F>, ticket: Ticket, outputs: Vec<Outgoing>) {
        entry.unacknowledged = outputs.len();
        self.effects.extend(outputs.into_iter().map(|record| Effect::Produce { ticket, record }));
    }
}

fn check_rules<F: Fold>(offset: Offset, control: &Control) -> Result<(), RunnerError> {
    match control.rules {
        Some(rules) if !runs(F::RULES, rules) => {
            Err(RunnerError::UnknownRules { offset, rules, known: F::RULES })
        }
        _ => Ok(()),
    }
}

/// Whether the rows already hold what the command did.
fn purpose<F: Fold>(state: &F::State, offset: Offset) -> Purpose {
    let (applied, _) = F::stamp(state);
    if offset <= applied && !fault::is(Fault::NoApplied) { Purpose::Repeat } else { Purpose::Decide }
}

/// Decides, and encodes what goes out, so that only what can be produced counts as decided.
fn decide<F: Fold>(
    in_force: &InForce<'_>,
    id: &F::Id,
    owner: &fold::Owner<F>,
    command: &Command<F::Request>,
    source: &Source<'_>,
) -> Result<(Decision<F>, Vec<Outgoing>), Failed> {
    let broken = |reason: &str| Failed {
        refusal: Refusal::new(ErrorCode::InternalServerError, "the command could not be run"),
        dead_letter: Some(reason.to_owned()),
    };
    let once = command.envelope.once.as_ref().map(|key| F::once(key, command.at));
    if once.as_ref().is_some_and(|(key, _)| owner.row(key).is_some()) {
        return Ok((Decision::verdict(owner, Outcome::Done(Done { changed: false })), vec![]));
    }
    let mut decision = catch_unwind(AssertUnwindSafe(|| F::decide(in_force, id, owner, command)))
        .map_err(|_| broken("the decision panicked"))?;
    decision.rows.extend(once);
    if decision.outputs.len() > MAX_OUTPUTS || decision.rows.len() > MAX_ROWS {
        return Err(broken("the decision has too many outputs or rows"));
    }
    let outputs = source.encode::<F>(std::mem::take(&mut decision.outputs));
    if outputs.iter().any(|output| output.size() > MAX_RECORD_BYTES) {
        return Err(broken("an output of the decision is too large"));
    }
    Ok((decision, outputs))
}

fn waiting(verdict: Option<(Outgoing, Option<ErrorCode>)>) -> Answer {
    verdict.map_or(Answer::None, |(record, code)| Answer::Waiting(record, code))
}
