//! Deciding the command at the head of the queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use schemas::control::{Control, RULES};
use schemas::fold::{self, Command, Decision, Fold, InForce, Purpose};
use schemas::message::{Envelope, Outgoing, Output};
use schemas::position::Offset;
use schemas::topics::MAX_RECORD_BYTES;
use schemas::verdict::{Done, Outcome};
use schemas::{ErrorCode, Refusal};

use super::{Answer, Change, Core, Entry, Handled, Unwritten};
use crate::ports::Record;
use crate::runner::checkpoint::runs;
use crate::runner::effect::{Effect, Ticket};
use crate::runner::fault::{self, Fault};
use crate::runner::incoming::Incoming;
use crate::runner::{RunnerError, refuse};

/// The most records that one command may put out.
const MAX_OUTPUTS: usize = 128;
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
                check_rules(record.offset, &control)?;
                entry.control = Some(control);
                Handled::Control
            }
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
        let Some((record, incoming)) = self.queue.front() else { return false };
        let Incoming::Command { id, envelope, request } = incoming else { return true };
        if incoming.cause().is_some_and(|cause| self.running.watermarks.has_seen(cause))
            && !fault::is(Fault::NoWatermarks)
        {
            return true;
        }
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
        let mut missing = F::needs(request, purpose::<F>(&slot.owner.state, record));
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
        if purpose::<F>(&slot.owner.state, record) == Purpose::Repeat {
            let outcome = F::repeat(&id, &slot.owner, &command);
            entry.verdict = waiting(refuse::answer::<F>(command.envelope.reply, outcome));
            return Handled::Repeated;
        }
        let in_force = self
            .running
            .policy
            .as_ref()
            .map(|version| InForce { policy: &version.policy, rules: self.running.rules });
        let decided = match in_force {
            Some(in_force) => decide::<F>(&in_force, &id, &slot.owner, &command, self.partition, record),
            None => Err(Failed { refusal: Refusal::unavailable("no policy is in force"), dead_letter: None }),
        };
        let (mut decision, outputs) = decided.unwrap_or_else(|failed| {
            let owner = &slot.owner;
            let refusal = failed.refusal;
            let back = refuse::give_back(&command.envelope, &refusal).into_iter().collect();
            let decision = Decision {
                state: F::State::clone(&owner.state),
                rows: vec![],
                views: vec![],
                outputs: vec![],
                verdict: refuse::verdict(&command.envelope, refusal),
            };
            let mut outputs = encode(back, self.partition, record);
            outputs.extend(failed.dead_letter.and_then(|reason| {
                let cause = refuse::cause(self.partition, record, outputs.len());
                refuse::dead_letter::<F>(record, &reason, cause)
            }));
            (decision, outputs)
        });
        F::set_stamp(&mut decision.state, record.offset, at);
        slot.owner.state = Arc::new(decision.state);
        for (key, row) in &decision.rows {
            slot.owner.set(key.clone(), Some(row.clone()));
        }
        slot.unwritten.push_back(ticket);
        entry.verdict = waiting(refuse::answer::<F>(command.envelope.reply, decision.verdict.take()));
        entry.change = Change::Unwritten(Box::new(Unwritten {
            id,
            state: slot.owner.state.clone(),
            rows: decision.rows,
            views: decision.views,
        }));
        self.produce(entry, ticket, outputs);
        Handled::Decided
    }

    /// A record that is no command has no owner; its charge, if it names one, goes back.
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
            partition = self.partition,
            offset = record.offset,
            reason,
            "poison record"
        );
        let refusal = refuse::unreadable(reason);
        let back = refuse::give_back(envelope, &refusal);
        let cause = |index| refuse::cause(self.partition, record, index);
        let mut outputs: Vec<Outgoing> =
            back.into_iter().map(|output| output.record(Some(cause(0)))).collect();
        outputs.extend(refuse::dead_letter::<F>(record, reason, cause(outputs.len())));
        let outcome = refuse::verdict(envelope, refusal);
        entry.verdict = waiting(refuse::answer::<F>(envelope.reply, outcome));
        self.produce(entry, ticket, outputs);
    }

    fn produce(&mut self, entry: &mut Entry<F>, ticket: Ticket, outputs: Vec<Outgoing>) {
        entry.unacknowledged = outputs.len();
        self.effects.extend(outputs.into_iter().map(|record| Effect::Produce { ticket, record }));
    }
}

fn check_rules(offset: Offset, control: &Control) -> Result<(), RunnerError> {
    match control.rules {
        Some(rules) if !runs(rules) => Err(RunnerError::UnknownRules { offset, rules, known: RULES }),
        _ => Ok(()),
    }
}

/// Whether the rows already hold what the command did.
fn purpose<F: Fold>(state: &F::State, record: &Record) -> Purpose {
    let (applied, _) = F::stamp(state);
    if record.offset <= applied && !fault::is(Fault::NoApplied) { Purpose::Repeat } else { Purpose::Decide }
}

/// Decides, and encodes what goes out, so that only what can be produced counts as decided.
fn decide<F: Fold>(
    in_force: &InForce<'_>,
    id: &F::Id,
    owner: &fold::Owner<F>,
    command: &Command<F::Request>,
    partition: schemas::Partition,
    record: &Record,
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
    let outputs = encode(std::mem::take(&mut decision.outputs), partition, record);
    if outputs.iter().any(|output| output.size() > MAX_RECORD_BYTES) {
        return Err(broken("an output of the decision is too large"));
    }
    Ok((decision, outputs))
}

fn encode(outputs: Vec<Output>, partition: schemas::Partition, record: &Record) -> Vec<Outgoing> {
    let numbered = outputs.into_iter().enumerate();
    numbered.map(|(index, output)| output.record(Some(refuse::cause(partition, record, index)))).collect()
}

fn waiting(verdict: Option<(Outgoing, Option<ErrorCode>)>) -> Answer {
    verdict.map_or(Answer::None, |(record, code)| Answer::Waiting(record, code))
}
