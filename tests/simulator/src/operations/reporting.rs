//! Reports of any message, by members and others, and what moderators decide about them.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::auditing::AuditHead;
use schemas::limits::Usage;
use schemas::reporting::{
    FileReport, Hidden, ModerationAction, Report, ReportId, ReportMessage, ReportReason, ReportStatus,
    ResolveReport,
};
use schemas::tables::audits::AuditRow;
use schemas::tables::reports::{ReportPlace, ReportRow};
use schemas::tables::{AUDIT, REPORTS};
use schemas::{ConversationId, ConversationRequest, MessageId, UserId};

use super::Simulated;
use crate::check::{self, History, Rest, Story};
use crate::clients::{Clients, DOUBTFUL};
use crate::tables::QUORUMS;
use crate::world::State;

/// Reports of one user, in any two seconds.
const MOST: usize = 4;

fn drawn(clients: &mut Clients, state: &mut State) -> Option<(UserId, ConversationId, FileReport)> {
    let (reporter, conversation) = (clients.user(state), clients.conversation(state));
    let message = Box::new(clients.message(state, &conversation)?);
    let reason = ReportReason::ALL[state.random.random_range(0..ReportReason::ALL.len())];
    let details = state.chance(0.3).then(|| "see above".to_owned());
    Some((reporter.clone(), conversation, FileReport { reporter, message, reason, details }))
}

impl Simulated for ReportMessage {
    const WEIGHT: u32 = 8;

    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((user, conversation, file)) = drawn(clients, state) else { return };
        let FileReport { message, reason, details, reporter: _ } = file.clone();
        let report = Self { conversation: conversation.clone(), message, reason, details };
        clients.counted(state, &user, report, (&conversation, file.into()));
    }

    /// No account counts more than its limit.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let usage = account.stored.get::<Usage>(&"report".to_owned());
            let counted = usage.map_or(&[][..], |usage| &usage.uses);
            if counted.len() > MOST {
                return Err(format!("{user} has {} reports that count", counted.len()));
            }
        }
        Ok(())
    }
}

impl Simulated for FileReport {
    const WEIGHT: u32 = 1;

    /// Without a charge, which its account alone can give.
    fn ask(clients: &mut Clients, state: &mut State) {
        let Some((_, conversation, file)) = drawn(clients, state) else { return };
        let details = Some("uncounted".to_owned());
        clients.direct(state, &conversation, Self { details, ..file });
    }

    /// A report is of another's text, has a snapshot, and stands in the queue of its status alone.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let is_uncounted = |request: &ConversationRequest| match request {
            ConversationRequest::FileReport(file) => file.details.as_deref() == Some("uncounted"),
            _ => false,
        };
        rest.refused(is_uncounted)?;
        for story in rest.stories() {
            let stored: BTreeMap<(i64, UserId), (i32, Vec<ModerationAction>)> = story
                .stored
                .all::<Report>()
                .map(|(key, report)| (key, (report.decisions, report.in_force())))
                .collect();
            let told = story.history.reports.iter();
            let told: BTreeMap<(i64, UserId), (i32, Vec<ModerationAction>)> = told
                .map(|(key, decisions)| (key.clone(), (decisions.len() as i32, History::in_force(decisions))))
                .collect();
            if stored != told {
                return Err(format!("{}: reports {stored:?}, not {told:?}", story.id));
            }
            let doubtful = story.history.messages.iter().filter(|written| {
                written.message.body.content().is_some_and(|content| content.text.contains(DOUBTFUL))
            });
            for written in doubtful {
                if !stored.contains_key(&(written.message.seq, UserId::service())) {
                    return Err(format!("{}: nothing flags {written:?}", story.id));
                }
            }
            for ((seq, reporter), report) in story.stored.all::<Report>() {
                let of = story.history.messages.iter().find(|written| written.message.seq == seq);
                let of =
                    of.filter(|of| of.message.body.note().is_none() && *of.message.sender_id() != reporter);
                if report.details.as_deref() == Some(DOUBTFUL) {
                    let is_flag = reporter == UserId::service() && report.snapshot.contains(DOUBTFUL);
                    if !is_flag {
                        return Err(format!("{}: {reporter} flags {seq}: {report:?}", story.id));
                    }
                } else if of.is_none() || report.snapshot.is_empty() {
                    return Err(format!("{}: {reporter} reports {seq}: {report:?}", story.id));
                }
                let message = MessageId { conversation: story.id.clone(), seq };
                let place = ReportPlace { at: report.at, id: ReportId { message, reporter } };
                for status in ReportStatus::ALL {
                    if is_listed(rest, status, &place)? != (status == report.status()) {
                        return Err(format!("{place:?} and the queue of {status:?} disagree: {report:?}"));
                    }
                }
            }
        }
        Ok(())
    }

    /// A report lasts.
    fn is_done(&self, state: &State, id: &ConversationId) -> Result<(), String> {
        for quorum in QUORUMS {
            let stored = check::conversation(state, id, quorum)?;
            if stored.get::<Report>(&(self.message.seq, self.reporter.clone())).is_none() {
                return Err("it has no row".to_owned());
            }
        }
        Ok(())
    }
}

fn is_listed(rest: &Rest<'_>, status: ReportStatus, place: &ReportPlace) -> Result<bool, String> {
    let partition = (REPORTS.name, ReportRow::partition(status, place.bucket()));
    let rows = rest.state.replicas.get(rest.quorum(), &partition, &[place.key()]);
    let Some(row) = rows.first() else { return Ok(false) };
    let row = ReportRow::from_row(status, &row.key, &row.columns).map_err(|e| e.to_string())?;
    Ok(row.is_listed)
}

impl Simulated for ResolveReport {
    const WEIGHT: u32 = 8;

    /// As of what a moderator has read, now and then long ago.
    fn ask(clients: &mut Clients, state: &mut State) {
        let conversation = clients.conversation(state);
        let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
        let Ok(stored) = check::conversation(state, &conversation, quorum) else { return };
        let reports: Vec<((i64, UserId), Report)> =
            stored.all::<Report>().map(|(key, report)| (key, report.clone())).collect();
        if reports.is_empty() {
            return;
        }
        let ((seq, reporter), report) = &reports[state.random.random_range(0..reports.len())];
        let Ok(message) = check::message(state, &conversation, *seq, quorum) else { return };
        let action = match state.random.random_range(0..10) {
            0 => ModerationAction::SuspendUser,
            1..=5 => ModerationAction::HideMessage,
            _ => ModerationAction::Dismiss,
        };
        let resolve = Self {
            moderator: clients.user(state),
            reporter: reporter.clone(),
            message: Box::new(message),
            action,
            note: None,
            known: report.decisions - i32::from(state.chance(0.1)),
        };
        clients.direct(state, &conversation, resolve);
    }

    /// A message is hidden exactly as long as a report says so, unless it was deleted.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        let checked = |story: &Story| hides(story).and_then(|()| is_audited(rest, story));
        rest.stories().try_for_each(|story| checked(story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }

    /// A decision lasts until the next one; one that was in force already adds none.
    fn is_done(&self, state: &State, id: &ConversationId) -> Result<(), String> {
        for quorum in QUORUMS {
            let stored = check::conversation(state, id, quorum)?;
            let report = stored.get::<Report>(&(self.message.seq, self.reporter.clone()));
            let lasts =
                |report: &Report| report.decisions > self.known || report.in_force().contains(&self.action);
            if !report.is_some_and(lasts) {
                return Err(format!("its report is {report:?}"));
            }
        }
        Ok(())
    }
}

/// The audit log has an entry for each report and each decision, in a chain.
fn is_audited(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let partition = (AUDIT.name, AuditRow::partition(&story.id, 0));
    let rows = rest.state.replicas.merged(rest.quorum(), &partition);
    let (mut previous, mut acts) = (String::new(), BTreeMap::<(i64, UserId), usize>::new());
    for (number, (_, columns)) in (1..).zip(rows.values()) {
        let AuditRow(entry) = AuditRow::from_row(columns).map_err(|e| e.to_string())?;
        if (entry.number, &entry.previous) != (number, &previous) {
            return Err(format!("audit entry {number} is {entry:?}, behind {previous:?}"));
        }
        previous = entry.hash();
        *acts.entry((entry.seq, entry.reporter)).or_default() += 1;
    }
    let head = story.stored.get::<AuditHead>(&()).cloned().unwrap_or_default();
    let told = story.history.reports.iter();
    // What the rules report is nobody's act.
    let acts_of = |(key, decisions): (&(i64, UserId), &Vec<ModerationAction>)| {
        (key.clone(), usize::from(key.1 != UserId::service()) + decisions.len())
    };
    let expected: BTreeMap<(i64, UserId), usize> = told.map(acts_of).filter(|(_, acts)| *acts > 0).collect();
    if head.hash != previous || acts != expected {
        return Err(format!(
            "the audit log has {acts:?} up to {previous:?}, not {expected:?} up to {head:?}"
        ));
    }
    Ok(())
}

fn hides(story: &Story) -> Result<(), String> {
    for written in &story.history.messages {
        let seq = written.message.seq;
        let reports = story.stored.all::<Report>().filter(|((of, _), _)| *of == seq);
        let hiding = reports.filter(|(_, report)| report.effects.hides).count();
        let hidden = story.stored.get::<Hidden>(&seq).filter(|hidden| hidden.message.is_some());
        let expected = written.removed_at.is_none() && hiding > 0;
        if hidden.is_some() != expected || written.hidden_at.is_some() != expected {
            return Err(format!(
                "{hiding} reports hide {seq}, its row is {hidden:?}, its events {written:?}"
            ));
        }
        let wrong = hidden.filter(|hidden| {
            usize::try_from(hidden.reports) != Ok(hiding)
                || hidden.message.as_deref() != Some(&written.message.clone().stored())
        });
        if let Some(wrong) = wrong {
            return Err(format!("{hiding} reports hide {seq}, its row is {wrong:?} of {written:?}"));
        }
    }
    Ok(())
}
