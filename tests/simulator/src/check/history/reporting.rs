//! Hidden messages, as the events tell them.

use schemas::UserId;
use schemas::message::Message;
use schemas::reporting::{ModerationAction, ReportFiled, ReportResolved};

use super::History;

impl History {
    /// By a user who is there and sees the message, which another has sent; or by the service.
    pub(super) fn filed(&mut self, filed: ReportFiled) -> Result<(), String> {
        if filed.reporter == UserId::service() {
            return self.reported((filed.seq, filed.reporter));
        }
        let written = self.messages.iter().find(|written| written.message.seq == filed.seq);
        let written = written.filter(|written| written.is_there() && written.message.body.note().is_none());
        let is_of_another = written.is_some_and(|of| *of.message.sender_id() != filed.reporter);
        let person = self.people.get(&filed.reporter).filter(|person| person.is_present());
        let last = person.and_then(|person| person.intervals.last());
        if !is_of_another || last.is_none_or(|last| last.first_seq > filed.seq) {
            return Err(format!("{filed:?} is of nothing that its reporter sees"));
        }
        self.reported((filed.seq, filed.reporter))
    }

    fn reported(&mut self, key: (i64, UserId)) -> Result<(), String> {
        match self.reports.insert(key.clone(), vec![]) {
            None => Ok(()),
            Some(_) => Err(format!("{key:?} is reported twice")),
        }
    }

    pub(super) fn resolved(&mut self, resolved: &ReportResolved) -> Result<(), String> {
        let report = self.reports.get_mut(&(resolved.seq, resolved.reporter.clone()));
        let report = report.ok_or_else(|| format!("{resolved:?} is about no report"))?;
        if Self::in_force(report).contains(&resolved.action) {
            return Err(format!("{resolved:?} changes nothing"));
        }
        report.push(resolved.action);
        Ok(())
    }

    /// What is in force after these decisions: all since the last dismissal, or that one.
    pub fn in_force(decisions: &[ModerationAction]) -> Vec<ModerationAction> {
        let dismissed = decisions.iter().rposition(|action| *action == ModerationAction::Dismiss);
        let since = &decisions[dismissed.map_or(0, |at| at + usize::from(at + 1 < decisions.len()))..];
        ModerationAction::ALL.into_iter().filter(|action| since.contains(action)).collect()
    }

    pub(super) fn hidden(&mut self, told: &Message) -> Result<(), String> {
        let seq = told.seq;
        let written = self.messages.iter_mut().find(|written| written.message.seq == seq);
        let written = written.ok_or_else(|| format!("{seq} was hidden, and never was"))?;
        let at = told.body.hidden_at().ok_or("a hidden message without a time")?;
        let is_there = written.removed_at.is_none() && written.hidden_at.is_none();
        if !is_there || *told != written.message.clone().hidden(at) {
            return Err(format!("{seq} was hidden twice, or is another's: {told:?} of {written:?}"));
        }
        written.hidden_at = Some(at);
        self.pins.retain(|(pinned, _)| *pinned != seq);
        self.previews.remove(&seq);
        Ok(())
    }

    pub(super) fn shown(&mut self, told: &Message) -> Result<(), String> {
        let seq = told.seq;
        let written = self.messages.iter_mut().find(|written| written.message.seq == seq);
        let written = written.filter(|written| written.hidden_at.is_some());
        let written = written.ok_or_else(|| format!("{seq} is shown again, and was not hidden"))?;
        if *told != written.message.clone().stored() {
            return Err(format!("{seq} comes back as {told:?}, not {:?}", written.message));
        }
        written.hidden_at = None;
        Ok(())
    }
}
