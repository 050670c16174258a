//! Every verdict of a machine, and commands that cannot be run: their charge is refunded, they go to
//! the dead letters, the waiting ingest is answered.

use fold::Fold;
use schemas::record::{Envelope, Origin, Outgoing, Output};
use schemas::verdict::{Outcome, Verdict};
use schemas::{ErrorCode, Refusal};

use crate::dead_letter;
use crate::ports::Record;

/// The most records that one command may put out.
pub const MAX_OUTPUTS: usize = 128;
/// Index of a verdict in the cause of its command, after every possible output: a repeated verdict has
/// the id of the first one, and a repeat does not know the outputs.
const VERDICT_INDEX: usize = MAX_OUTPUTS;

/// The command that records are derived from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub record: &'a Record,
    pub envelope: &'a Envelope,
}

impl<'a> Source<'a> {
    fn origin<F: Fold>(&self, index: usize) -> Origin<'a> {
        Origin {
            id: self.record.output_id(i32::try_from(index).unwrap_or(i32::MAX)),
            source: F::SOURCE,
            at: self.record.time,
            traceparent: self.envelope.traceparent.as_deref(),
        }
    }

    /// The outputs of the command, ready to be produced.
    pub fn encode<F: Fold>(&self, outputs: impl IntoIterator<Item = Output>) -> Vec<Outgoing> {
        let numbered = outputs.into_iter().enumerate();
        numbered.map(|(index, output)| output.record(&self.origin::<F>(index))).collect()
    }

    /// What goes out for a command that cannot be run: its refund if it was charged, and the record as a
    /// dead letter if there is a reason for one.
    pub fn refused<F: Fold>(&self, refusal: &Refusal, dead_letter: Option<&str>) -> Vec<Outgoing> {
        let charge = self.envelope.charge.clone();
        let refund = charge.map(|charge| Output::refund(charge, Some(refusal.clone()), self.envelope.reply));
        let mut outputs = self.encode::<F>(refund);
        outputs.extend(dead_letter.and_then(|reason| {
            dead_letter::of(F::commands(), self.record, reason, &self.origin::<F>(outputs.len()))
        }));
        outputs
    }

    /// The verdict for the ingest that waits for one, with the code that it refuses with, if it does.
    pub fn answer<F: Fold>(&self, outcome: Option<Outcome>) -> Option<(Outgoing, Option<ErrorCode>)> {
        let (reply, outcome) = (self.envelope.reply?, outcome?);
        let code = outcome.refusal().map(|refusal| refusal.code);
        let verdict = Verdict { request: reply.request, by: F::DECIDER, outcome };
        Some((Outgoing::verdict(reply, &verdict, &self.origin::<F>(VERDICT_INDEX)), code))
    }
}

/// The verdict on a command that cannot be run; of a charged one the account gives it, with the refund.
pub fn verdict(envelope: &Envelope, refusal: Refusal) -> Option<Outcome> {
    envelope.charge.is_none().then_some(Outcome::refused(refusal))
}

pub fn unreadable(reason: &str) -> Refusal {
    Refusal::new(ErrorCode::InternalServerError, format!("the command could not be read: {reason}"))
}
