//! Reports, their queue and their audit log, in words.

use schemas::MessageId;
use schemas::auditing::AuditEntry;
use schemas::facts::{ReportFiled, ReportResolved};
use schemas::reporting::{Report, ReportId, ReportStatus};
use schemas::suspending::SetSuspension;
use schemas::tables::audits::AuditRow;
use schemas::tables::reports::ReportRow;
use schemas::tables::views::ViewRow;

use super::conversation;

/// Reason, text, and what was decided.
pub fn report(report: &Report) -> String {
    let Report { reason, details, snapshot, decisions, .. } = report;
    let details = details.as_ref().map_or(String::new(), |details| format!(" ({details})"));
    let decided = report.decision.as_ref().map_or(String::new(), |decision| {
        let note = decision.note.as_deref().unwrap_or_default();
        format!(", {} by {} at {} {note:?}", decision.action.as_str(), decision.by, decision.at)
    });
    let in_force: Vec<&str> = report.in_force().into_iter().map(|action| action.as_str()).collect();
    let in_force = in_force.join(" ");
    format!("{}{details} of {snapshot:?}, {decisions} decisions [{in_force}]{decided}", reason.as_str())
}

/// A place in the queue of a status.
pub fn listed(status: &str, row: &ViewRow) -> String {
    let of = ReportStatus::ALL.into_iter().find(|of| of.as_str() == status).unwrap();
    let row = ReportRow::from_row(of, &row.key, &row.columns).unwrap();
    let ReportId { message: MessageId { conversation: id, seq }, reporter } = &row.place.id;
    let listed = if row.is_listed { "listed" } else { "not listed" };
    format!("reports {status}: {} {seq} by {reporter} at {} {listed}", conversation(id), row.place.at)
}

/// A report suspends a user until a time, or does so no more.
pub fn suspension(set: &SetSuspension) -> String {
    let until = set.until.map_or("no more".to_owned(), |until| format!("until {until}"));
    format!("suspended {until} for {} by {}", set.report.seq, set.report.reporter)
}

pub fn audited(row: &ViewRow) -> String {
    let AuditRow(entry) = AuditRow::from_row(&row.columns).unwrap();
    let AuditEntry { number, act, actor, seq, reporter, .. } = &entry;
    let follows = if entry.previous.is_empty() { "the first" } else { "follows" };
    format!("audit {number}: {act:?} by {actor}, {seq} of {reporter}, {follows}")
}

pub fn filed(filed: &ReportFiled) -> String {
    format!("report of {} by {}: {}", filed.seq, filed.reporter, filed.reason.as_str())
}

pub fn resolved(resolved: &ReportResolved) -> String {
    let (by, action) = (&resolved.by, resolved.action.as_str());
    format!("report of {} by {} resolved by {by}: {action}", resolved.seq, resolved.reporter)
}
