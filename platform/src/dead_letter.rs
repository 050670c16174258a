//! Dead letters: records that could not be handled, kept for operators.
//!
//! Invariants: a dead letter fits a record however large the poison was. It names its origin, by which
//! repeats are recognised. It keeps none of the record's own headers but reply and charge.

use schemas::position::Offset;
use schemas::record::{CHARGE_HEADER, Origin, Outgoing, Place, REPLY_HEADER};
use schemas::topics::{MAX_RECORD_BYTES, Topic};

use crate::ports::{Log, LogError, Record};
use crate::telemetry::consumers;

/// Type of the event that a dead letter is; its value is the record's.
const NAME: &str = "DeadLetter";

/// Header: why it is one.
pub const REASON_HEADER: &str = "mm-reason";
/// Header: `partition.offset` that it stood at.
pub const ORIGIN_HEADER: &str = "mm-origin";
/// Header, where it was too large to keep whole: its size in bytes.
pub const SIZE_HEADER: &str = "mm-size";

/// Bytes of a key or a header that are kept. Whatever means something is shorter.
const LONGEST_KEPT: usize = 4 * 1_024;

/// The record as a dead letter of the topic that it was read from, with the reason; cut where it would
/// not fit. Its own origin counts it among the outputs of the record.
pub fn of(topic: &'static Topic, record: &Record, reason: &str, origin: &Origin<'_>) -> Option<Outgoing> {
    let mut headers = origin.headers(NAME);
    headers.push((REASON_HEADER, cut(reason.as_bytes())));
    headers.push((ORIGIN_HEADER, format!("{}.{}", record.partition, record.offset).into_bytes()));
    for name in [REPLY_HEADER, CHARGE_HEADER] {
        headers.extend(record.header(name).map(|value| (name, cut(value))));
    }
    let mut value = record.value.to_vec();
    if value.len() > MAX_RECORD_BYTES / 2 {
        headers.push((SIZE_HEADER, value.len().to_string().into_bytes()));
        value.truncate(MAX_RECORD_BYTES / 2);
    }
    Some(Outgoing {
        topic: topic.dead_letters?,
        place: Place::Partition(record.partition),
        key: record.key.as_ref().map(|key| cut(key)),
        headers,
        value,
    })
}

/// Appends the record as a dead letter of a consumer, `source`, and counts it; a topic without dead letters gets
/// none.
pub async fn append(
    log: &dyn Log,
    topic: &'static Topic,
    source: &'static str,
    record: &Record,
    reason: &str,
) -> Result<(), LogError> {
    let origin = Origin { id: record.output_id(0), source, at: record.time, traceparent: None };
    let Some(letter) = of(topic, record, reason, &origin) else { return Ok(()) };
    log.enqueue(letter).await?.await?;
    consumers::dead_letters(topic).inc();
    Ok(())
}

/// Offset that a dead letter stood at.
pub fn origin(letter: &Record) -> Option<Offset> {
    let (_, offset) = std::str::from_utf8(letter.header(ORIGIN_HEADER)?).ok()?.split_once('.')?;
    offset.parse().ok()
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(LONGEST_KEPT).collect()
}
