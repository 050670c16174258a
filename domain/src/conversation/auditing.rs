//! The audit log of moderation: one entry for each act, chained to the one before.

use schemas::UserId;
use schemas::auditing::{AuditAct, AuditEntry, AuditHead};
use schemas::rows::RowKey;
use schemas::tables::audits::AuditRow;

use super::{Conversations, Here};
use crate::effect::Effect;

/// The row that [`note`] reads.
pub fn head() -> RowKey {
    RowKey::of::<AuditHead>(&())
}

/// Appends an entry about a report of a message.
pub fn note(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    (act, actor): (AuditAct, &UserId),
    (seq, reporter): &(i64, UserId),
    said: Option<&str>,
) {
    let AuditHead { entries, hash } = context.row::<AuditHead>(&()).cloned().unwrap_or_default();
    let entry = AuditEntry {
        conversation: context.id.clone(),
        number: entries + 1,
        previous: hash,
        at: context.at,
        actor: actor.clone(),
        act,
        seq: *seq,
        reporter: reporter.clone(),
        said: said.map(str::to_owned),
    };
    effect.row(&(), AuditHead { entries: entry.number, hash: entry.hash() }).view(AuditRow(entry));
}
