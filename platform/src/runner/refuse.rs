//! Commands that cannot be run: their charge goes back, they go to the dead letters, the waiting
//! ingest is told.

use schemas::fold::Fold;
use schemas::message::{Envelope, Headers, Outgoing, Output, Place};
use schemas::position::{Cause, EPOCH, Number, Partition};
use schemas::topics::MAX_RECORD_BYTES;
use schemas::verdict::{Outcome, Reply, Verdict};
use schemas::{ErrorCode, Refusal};

use crate::ports::Record;

/// Header of a dead letter: why it is one.
pub const REASON_HEADER: &str = "mm-reason";
/// Header of a dead letter: `partition.offset` that it stood at.
pub const ORIGIN_HEADER: &str = "mm-origin";

/// Header of a dead letter that was too large to keep whole: its size in bytes.
pub const SIZE_HEADER: &str = "mm-size";

/// Bytes of a key or a header that are kept of a dead letter. Whatever means something is shorter.
const LONGEST_KEPT: usize = 4 * 1_024;

/// What goes out for a command that has no effect: the give-back if it was charged.
pub fn give_back(envelope: &Envelope, refusal: &Refusal) -> Option<Output> {
    let charge = envelope.charge.clone()?;
    Some(Output::give_back(charge, Some(refusal.clone()), envelope.reply))
}

/// The verdict on it; where a charge goes back, the account answers instead.
pub fn verdict(envelope: &Envelope, refusal: Refusal) -> Option<Outcome> {
    envelope.charge.is_none().then_some(Outcome::refused(refusal))
}

/// The record as a dead letter, with its own headers, the reason, and the cause that counts it; cut
/// where it would not fit a record.
pub fn dead_letter<F: Fold>(record: &Record, reason: &str, cause: Cause) -> Option<Outgoing> {
    let topic = F::commands().dead_letters?;
    let mut headers: Headers = vec![
        (Cause::HEADER, cause.to_header().into_bytes()),
        (REASON_HEADER, cut(reason.as_bytes())),
        (ORIGIN_HEADER, format!("{}.{}", record.partition, record.offset).into_bytes()),
    ];
    // The original's own cause is dropped: a replayed dead letter is a new command.
    for name in [schemas::message::REPLY_HEADER, schemas::message::CHARGE_HEADER] {
        headers.extend(record.header(name).map(|value| (name, cut(value))));
    }
    let mut value = record.value.to_vec();
    if value.len() > MAX_RECORD_BYTES / 2 {
        headers.push((SIZE_HEADER, value.len().to_string().into_bytes()));
        value.truncate(MAX_RECORD_BYTES / 2);
    }
    Some(Outgoing {
        topic,
        place: Place::Partition(record.partition),
        key: record.key.as_ref().map(|key| cut(key)),
        headers,
        value,
    })
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(LONGEST_KEPT).collect()
}

pub fn cause(partition: Partition, record: &Record, index: usize) -> Cause {
    let index = i32::try_from(index).unwrap_or(i32::MAX);
    Cause { epoch: EPOCH, partition, number: Number { offset: record.offset, index } }
}

pub fn unreadable(reason: &str) -> Refusal {
    Refusal::new(ErrorCode::InternalServerError, format!("the command could not be read: {reason}"))
}

pub fn answer<F: Fold>(reply: Option<Reply>, outcome: Option<Outcome>) -> Option<Outgoing> {
    let (reply, outcome) = (reply?, outcome?);
    Some(Outgoing::verdict(reply, &Verdict { request: reply.request, by: F::DECIDER, outcome }))
}
