//! Commands that cannot be run: their charge goes back, they go to the dead letters, the waiting
//! ingest is told.

use schemas::fold::Fold;
use schemas::message::{Envelope, Outgoing, Output};
use schemas::position::{Cause, EPOCH, Number, Partition};
use schemas::verdict::{Outcome, Reply, Verdict};
use schemas::{ErrorCode, Refusal};

use crate::dead_letter;
use crate::ports::Record;

/// What goes out for a command that has no effect: the give-back if it was charged.
pub fn give_back(envelope: &Envelope, refusal: &Refusal) -> Option<Output> {
    let charge = envelope.charge.clone()?;
    Some(Output::give_back(charge, Some(refusal.clone()), envelope.reply))
}

/// The verdict on it; where a charge goes back, the account answers instead.
pub fn verdict(envelope: &Envelope, refusal: Refusal) -> Option<Outcome> {
    envelope.charge.is_none().then_some(Outcome::refused(refusal))
}

/// The record as a dead letter, counted among the outputs of its own position.
pub fn dead_letter<F: Fold>(record: &Record, reason: &str, cause: Cause) -> Option<Outgoing> {
    dead_letter::of(F::commands(), record, reason, Some(cause))
}

pub fn cause(partition: Partition, record: &Record, index: usize) -> Cause {
    let index = i32::try_from(index).unwrap_or(i32::MAX);
    Cause { epoch: EPOCH, partition, number: Number { offset: record.offset, index } }
}

pub fn unreadable(reason: &str) -> Refusal {
    Refusal::new(ErrorCode::InternalServerError, format!("the command could not be read: {reason}"))
}

/// The verdict for whoever waits for one, with the code that it refuses with, if it does.
pub fn answer<F: Fold>(
    reply: Option<Reply>,
    outcome: Option<Outcome>,
) -> Option<(Outgoing, Option<ErrorCode>)> {
    let (reply, outcome) = (reply?, outcome?);
    let code = outcome.refusal().map(|refusal| refusal.code);
    let verdict = Verdict { request: reply.request, by: F::DECIDER, outcome };
    Some((Outgoing::verdict(reply, &verdict), code))
}
