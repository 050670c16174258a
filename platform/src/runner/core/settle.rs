//! Verdicts and the checkpoint: what may be said, once it is true for good.

use fold::Fold;

use super::{Answer, Change, Core, Entry};
use crate::runner::effect::{Effect, Ticket};
use crate::runner::fault::{self, Fault};

impl<F: Fold> Core<F> {
    /// Sends a command's verdict, if its effect is stored.
    pub(super) fn answer(&mut self, ticket: Ticket) {
        let Some(entry) = self.entry_mut(ticket) else { return };
        let early = fault::is(Fault::EarlyVerdict);
        if !(is_stored(entry) || early) {
            return;
        }
        match std::mem::replace(&mut entry.verdict, Answer::Sent) {
            Answer::Waiting(record, code) => self.effects.push(Effect::Verdict { ticket, record, code }),
            other => entry.verdict = other,
        }
    }

    /// Moves what is done from the entries to what the next checkpoint says.
    pub(super) fn settle(&mut self) {
        while let Some(entry) = self.entries.pop_front_if(|entry| is_done(entry)) {
            self.first += 1;
            self.settled_time = entry.time;
            self.settled.pass(entry.offset, entry.cause.as_ref(), entry.control.as_ref());
        }
    }

    pub(super) fn checkpoint(&mut self) {
        let mut checkpoint = self.settled.clone();
        for entry in self.entries.iter().take_while(|entry| is_passed_too_early(entry)) {
            checkpoint.pass(entry.offset, entry.cause.as_ref(), entry.control.as_ref());
        }
        if self.checkpointing || checkpoint.next <= self.checkpointed {
            return;
        }
        self.checkpointing = true;
        self.checkpoint_time = self.settled_time;
        if fault::is(Fault::RunningWatermarks) {
            checkpoint.watermarks = self.running.watermarks.clone();
        }
        if fault::is(Fault::RunningPolicy) {
            checkpoint.policy = self.running.policy.clone();
        }
        self.effects.push(Effect::Checkpoint(checkpoint));
    }
}

fn is_stored<F: Fold>(entry: &Entry<F>) -> bool {
    entry.unacknowledged == 0 && matches!(entry.change, Change::None)
}

fn is_told<F: Fold>(entry: &Entry<F>) -> bool {
    matches!(entry.verdict, Answer::None | Answer::Acknowledged)
}

fn is_done<F: Fold>(entry: &Entry<F>) -> bool {
    is_stored(entry) && is_told(entry)
}

/// What a checkpoint must never pass, and passes where a fault is planted.
fn is_passed_too_early<F: Fold>(entry: &Entry<F>) -> bool {
    fault::is(Fault::EarlyCheckpoint) || (fault::is(Fault::CheckpointBeforeVerdict) && is_stored(entry))
}
