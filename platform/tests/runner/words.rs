//! Effects in words.

use musclemap_platform::dead_letter::{ORIGIN_HEADER, REASON_HEADER};
use musclemap_platform::runner::checkpoint::Checkpoint;
use musclemap_platform::runner::effect::{Effect, StoredBytes};
use schemas::UserId;
use schemas::avro;
use schemas::operations::Refund;
use schemas::position::{Cause, Offset};
use schemas::record::{ID_HEADER, Outgoing};
use schemas::rows::{self, ClientRequest, Keyed, LedgerEntry, Once, RowKey};
use schemas::topics;
use schemas::verdict::{Outcome, Verdict};

pub fn effect(effect: &Effect<UserId>) -> String {
    match effect {
        Effect::Load { id, .. } => format!("load {id}"),
        Effect::Read { id, keys, .. } => format!("read {id}: {}", list(keys.iter().map(key))),
        Effect::Produce { record, .. } => format!("produce {}", output(record)),
        Effect::Write { id, views, rows } => {
            let views = views.iter().map(|(_, version)| format!("view@{}", version.offset()));
            format!("write {id}: {}", list(views.chain(rows.iter().map(row))))
        }
        Effect::Verdict { record, code, .. } => {
            let verdict: Verdict = avro::decode(&record.value).unwrap();
            assert_eq!(*code, verdict.outcome.refusal().map(|refusal| refusal.code));
            format!("verdict {}: {}", verdict.request, outcome(&verdict.outcome))
        }
        Effect::Checkpoint(checkpoint) => format!("checkpoint {}", stands(checkpoint)),
    }
}

fn list(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn key(key: &RowKey) -> String {
    match key.kind {
        rows::STATE => "state".to_owned(),
        rows::LAST_BATCH => "batch".to_owned(),
        ClientRequest::KIND => "client".to_owned(),
        Once::KIND => format!("once-{}", String::from_utf8_lossy(&key.key)),
        _ => format!("added-{}", key.names::<LedgerEntry>().unwrap()),
    }
}

/// A row at its version, as the offset that wrote it.
fn row(row: &StoredBytes) -> String {
    format!("{}@{}", key(&row.key), row.version.offset())
}

fn header<'a>(record: &'a Outgoing, name: &str) -> Option<&'a str> {
    let found = record.headers.iter().find(|(header, _)| *header == name);
    found.map(|(_, value)| std::str::from_utf8(value).unwrap())
}

/// The offset of the command that a record comes from, and its index among that one's outputs.
pub fn cause(record: &Outgoing) -> (Offset, i32) {
    let cause = Cause::from_header(header(record, ID_HEADER).unwrap().as_bytes()).unwrap();
    (cause.number.offset, cause.number.index)
}

fn output(record: &Outgoing) -> String {
    let (offset, index) = cause(record);
    let what = if let Some(reason) = header(record, REASON_HEADER) {
        format!("dead letter of {}: {reason}", header(record, ORIGIN_HEADER).unwrap())
    } else if record.topic.name == topics::ACCOUNT_COMMANDS.name {
        let refund: Refund = avro::decode(&record.value).unwrap();
        format!("refund #{}: {}", refund.charge.position, refund.refusal.unwrap().code.as_str())
    } else {
        "event".to_owned()
    };
    format!("{offset}.{index} {what}")
}

pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored(stored) => stored.seq.to_string(),
        Outcome::Refused(refused) => refused.refusal.code.as_str().to_owned(),
        Outcome::Done(_) => "done".to_owned(),
        Outcome::Accepted(_) => "accepted".to_owned(),
    }
}

fn stands(checkpoint: &Checkpoint) -> String {
    let policy = checkpoint.policy.as_ref().map_or(0, |policy| policy.version);
    format!("{} with policy {policy}, rules {}", checkpoint.next, checkpoint.rules)
}
