//! Reports of messages, and what moderators of the service decide about them.
//!
//! Invariants: a user has at most one report of a message; an edit or a deletion of the message does not change the
//! snapshot of its report; a message is hidden while at least one of its reports hides it, and its content is then in
//! one row of the machine, which no query reads.

use fold::{Decision, Purpose};
use schemas::aspects::Aspect;
use schemas::auditing::AuditAct;
use schemas::code::{ErrorCode, Refusal};
use schemas::editing::Edits;
use schemas::message::Message;
use schemas::moderation::{Flagged, Reason};
use schemas::position::LogTime;
use schemas::record::Output;
use schemas::reporting::{
    FileReport, Hidden, MAX_DETAILS, MessageHidden, MessageShown, ModerationAction, Report, ReportEffects,
    ReportFiled, ReportId, ReportReason, ReportResolved, Resolution, ResolveReport,
};
use schemas::rows::{MessageHead, RowKey};
use schemas::suspending::{SetSuspension, SuspendingReport};
use schemas::tables::reports::{ReportPlace, ReportRow};
use schemas::tables::views::{AspectBody, AspectRow, MessageRow};
use schemas::verdict::{Done, Outcome};
use schemas::{MessageId, UserId};

use super::{Conversations, Here, auditing, deleting, messages, uncharged};
use crate::effect::Effect;
use crate::operation::{NoEffect, Operation, Past, holds};
use crate::text;

impl Operation<Conversations> for FileReport {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let seq = self.message.seq;
        let report = RowKey::of::<Report>(&(seq, self.reporter.clone()));
        match purpose {
            Purpose::Repeat => vec![report],
            Purpose::Decide => {
                let sight = messages::sight_of(&self.reporter, seq, self.message.sender_id()).into_iter();
                sight.chain([report, RowKey::of::<Edits>(&seq), auditing::head()]).collect()
            }
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        if context.envelope.charge.is_none() {
            return Err(uncharged().into());
        }
        let (seq, key) = (self.message.seq, (self.message.seq, self.reporter.clone()));
        let head = messages::visible(context, &self.reporter, seq, self.message.sender_id())?;
        if head.removed_at.is_some() {
            return Err(Refusal::not_found().into());
        }
        check_sender(self, head)?;
        if context.row::<Report>(&key).is_some() {
            return Err(NoEffect::Nothing);
        }
        let message = messages::standing(context, head, &self.message)?;
        // Ingest may have read it while it was hidden.
        if message.body.content().is_none() {
            return Err(Refusal::not_found().into());
        }
        let report = filed(context, self.reason, self.details.clone(), snapshot(&message));
        let mut effect = context.effect();
        list(context, &mut effect, &key, &report, true);
        let act = (AuditAct::Reported, &self.reporter);
        auditing::note(context, &mut effect, act, &key, self.details.as_deref());
        let filed = ReportFiled { seq, reporter: self.reporter.clone(), reason: self.reason };
        effect.row(&key, report).event(context.id, filed);
        Ok(effect.done())
    }

    /// What has come to nothing is answered by its account.
    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        if past.charge.is_none() {
            return Some(Outcome::refused(uncharged()));
        }
        let report = past.owner.get::<Report>(&(self.message.seq, self.reporter.clone()))?;
        (report.position == past.offset).then_some(Outcome::Done(Done { changed: true }))
    }
}

/// A new report, without a decision.
fn filed(context: &Here<'_>, reason: ReportReason, details: Option<String>, snapshot: String) -> Report {
    Report {
        at: context.at,
        position: context.offset,
        reason,
        details,
        snapshot,
        decisions: 0,
        decision: None,
        effects: ReportEffects::default(),
    }
}

/// Texts of others are reported.
fn check_sender(report: &FileReport, head: &MessageHead) -> Result<(), Refusal> {
    match &head.sender {
        None => Err(Refusal::bad_input("messageId", "system messages are not reported")),
        Some(sender) if *sender == report.reporter => {
            Err(Refusal::bad_input("messageId", "one's own message is not reported"))
        }
        Some(_) => Ok(()),
    }
}

/// The row that [`is_flagged`] reads.
pub fn flag_key(seq: i64) -> RowKey {
    RowKey::of::<Report>(&(seq, UserId::service()))
}

/// Whether the service has reported a message.
pub fn is_flagged(context: &Here<'_>, seq: i64) -> bool {
    context.row::<Report>(&(seq, UserId::service())).is_some()
}

/// Files the report of a text that meets rules which ask for attention, of a message that has none by the service.
pub fn flag(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    seq: i64,
    snapshot: String,
    flagged: &Flagged,
) {
    let key = (seq, UserId::service());
    let reason = match flagged.reason {
        Reason::ProhibitedText => ReportReason::Inappropriate,
        Reason::MaliciousLink | Reason::Spam => ReportReason::Spam,
        Reason::Suspended => ReportReason::Other,
    };
    let report = filed(context, reason, Some(flagged.rules.join(", ")), snapshot);
    list(context, effect, &key, &report, true);
    effect.row(&key, report).event(context.id, ReportFiled { seq, reporter: key.1.clone(), reason });
}

/// The text of a message, the options of a poll, and the names of its files, a line each; of a sticker its name.
pub fn snapshot(message: &Message) -> String {
    let text = message.body.content().map(|content| content.text.as_str()).filter(|text| !text.is_empty());
    let options = message.body.poll().into_iter().flat_map(|poll| &poll.options);
    let options = options.map(|option| option.text.as_str());
    let sticker = message.body.sticker();
    let files = message.body.attachments().iter().filter(|_| sticker.is_none());
    let names = files.map(|file| file.file_name.as_str()).chain(sticker.map(|sticker| sticker.name.as_str()));
    text.into_iter().chain(options).chain(names).collect::<Vec<_>>().join("\n")
}

/// Puts a report into the queue of its status, or takes it out.
fn list(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    (seq, reporter): &(i64, UserId),
    report: &Report,
    is_listed: bool,
) {
    let message = MessageId { conversation: context.id.clone(), seq: *seq };
    let place = ReportPlace { at: report.at, id: ReportId { message, reporter: reporter.clone() } };
    effect.view(ReportRow { status: report.status(), place, is_listed });
}

impl Operation<Conversations> for ResolveReport {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        let seq = self.message.seq;
        let report = RowKey::of::<Report>(&(seq, self.reporter.clone()));
        match purpose {
            Purpose::Repeat => vec![report],
            Purpose::Decide => vec![
                report,
                RowKey::of::<MessageHead>(&seq),
                RowKey::of::<Hidden>(&seq),
                RowKey::of::<Edits>(&seq),
                auditing::head(),
            ],
        }
    }

    fn decide(&self, context: &Here<'_>) -> Result<Decision<Conversations>, NoEffect> {
        let key = (self.message.seq, self.reporter.clone());
        self.note.as_deref().map_or(Ok(()), |text| text::check_length("note", text, MAX_DETAILS))?;
        let report = context.row::<Report>(&key).ok_or_else(Refusal::not_found)?;
        if report.in_force().contains(&self.action) {
            return Err(NoEffect::Nothing);
        }
        if report.decisions != self.known {
            return Err(conflict("another moderator has decided").into());
        }
        let mut effect = context.effect();
        let effects = match self.action {
            ModerationAction::HideMessage => {
                hide(context, &mut effect, &self.message)?;
                ReportEffects { hides: true, ..report.effects }
            }
            ModerationAction::SuspendUser => {
                let lasts = context.policy.limits.suspension_seconds.saturating_mul(1_000);
                let until = Some(context.at.saturating_add(lasts));
                suspend(context, &mut effect, &key, until);
                ReportEffects { suspends_until: until, ..report.effects }
            }
            ModerationAction::Dismiss => {
                undo(context, &mut effect, &key, report.effects);
                ReportEffects::default()
            }
        };
        let decision = Resolution {
            by: self.moderator.clone(),
            at: context.at,
            action: self.action,
            note: self.note.clone(),
        };
        let decisions = report.decisions + 1;
        let decided = Report { decisions, decision: Some(decision), effects, ..report.clone() };
        if decided.status() != report.status() {
            list(context, &mut effect, &key, report, false);
            list(context, &mut effect, &key, &decided, true);
        }
        let act = (AuditAct::of(self.action), &self.moderator);
        auditing::note(context, &mut effect, act, &key, self.note.as_deref());
        let (seq, reporter) = key.clone();
        let resolved = ReportResolved { seq, reporter, by: self.moderator.clone(), action: self.action };
        effect.row(&key, decided).event(context.id, resolved);
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Conversations>) -> Option<Outcome> {
        let report = past.owner.get::<Report>(&(self.message.seq, self.reporter.clone()));
        holds(report.is_some_and(|report| report.in_force().contains(&self.action)))
    }
}

fn conflict(detail: &'static str) -> Refusal {
    Refusal::new(ErrorCode::Conflict, detail)
}

/// Takes back what a report has caused.
fn undo(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    key: &(i64, UserId),
    ReportEffects { hides, suspends_until }: ReportEffects,
) {
    if hides {
        show(context, effect, key.0);
    }
    if suspends_until.is_some() {
        suspend(context, effect, key, None);
    }
}

/// Tells the account of the sender of a reported message that the report suspends them, or does so no more.
fn suspend(
    context: &Here<'_>,
    effect: &mut Effect<Conversations>,
    (seq, reporter): &(i64, UserId),
    until: Option<LogTime>,
) {
    let Some(sender) = context.row::<MessageHead>(seq).and_then(|head| head.sender.clone()) else { return };
    let report = SuspendingReport { conversation: context.id.clone(), seq: *seq, reporter: reporter.clone() };
    let request = SetSuspension { report, until }.into();
    effect.output(Output::ToAccount { user: sender, request, reply: None });
}

/// Puts a message away until no report hides it any more. Its pin goes for good; its previews are made anew.
fn hide(context: &Here<'_>, effect: &mut Effect<Conversations>, carried: &Message) -> Result<(), Refusal> {
    let seq = carried.seq;
    let head = context.row::<MessageHead>(&seq).ok_or_else(Refusal::not_found)?;
    if let Some(hidden) = kept(context, seq) {
        effect.row(&seq, Hidden { reports: hidden.reports + 1, ..hidden.clone() });
        return Ok(());
    }
    if head.removed_at.is_some() {
        return Err(conflict("the message is deleted"));
    }
    let message = messages::stored_core(head, carried)?;
    let edits = context.row::<Edits>(&seq).map_or(0, Edits::count);
    let read = message.body.edited().map_or(0, |edited| edited.count);
    if message.body.content().is_none() || read != edits {
        return Err(conflict("the message has just changed"));
    }
    deleting::note_removal(effect.state(), seq);
    effect.state().pins.retain(|pin| pin.seq != seq);
    for aspect in [Aspect::Pin, Aspect::Previews].into_iter().filter(|aspect| head.has(*aspect)) {
        let (conversation, body) = (context.id.clone(), AspectBody::gone(aspect));
        effect.view(AspectRow { conversation, seq, at: context.at, body });
    }
    let aspects = head.aspects & !(Aspect::Pin.bit() | Aspect::Previews.bit());
    let hidden = message.clone().hidden(context.at);
    effect
        .row(&seq, Hidden { message: Some(Box::new(message.stored())), reports: 1 })
        .row(&seq, MessageHead { removed_at: Some(context.at), aspects, ..head.clone() })
        .view(MessageRow { conversation: context.id.clone(), message: hidden.clone() })
        .event(context.id, MessageHidden { message: hidden });
    Ok(())
}

/// A report hides the message no more; the last one brings it back, unless it was deleted since.
fn show(context: &Here<'_>, effect: &mut Effect<Conversations>, seq: i64) {
    let Some(hidden) = kept(context, seq) else { return };
    if hidden.reports > 1 {
        effect.row(&seq, Hidden { reports: hidden.reports - 1, ..hidden.clone() });
        return;
    }
    let (Some(message), Some(head)) = (&hidden.message, context.row::<MessageHead>(&seq)) else { return };
    let message = Message::clone(message);
    effect.state().removed.retain(|removed| *removed != seq);
    effect
        .row(&seq, Hidden::OVER)
        .row(&seq, MessageHead { removed_at: None, ..head.clone() })
        .view(MessageRow { conversation: context.id.clone(), message: message.clone() })
        .event(context.id, MessageShown { message });
}

/// The content of a message, if it is hidden.
pub fn kept<'a>(context: &Here<'a>, seq: i64) -> Option<&'a Hidden> {
    context.row::<Hidden>(&seq).filter(|hidden| hidden.message.is_some())
}
