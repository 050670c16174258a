//! Suspensions, as decisions about reports ask for them.

use std::collections::BTreeMap;

use schemas::position::LogTime;
use schemas::reporting::Report;
use schemas::suspending::{SetSuspension, SuspendingReport, Suspension};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

impl Simulated for SetSuspension {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// An account keeps the suspensions of its user that reports cause; what has ended may be gone.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut caused = BTreeMap::<SuspendingReport, LogTime>::new();
            for story in rest.stories() {
                let is_own = |seq| {
                    let mut messages = story.history.messages.iter();
                    messages.any(|of| of.message.seq == seq && of.message.sender_id() == user)
                };
                for ((seq, reporter), report) in story.stored.all::<Report>() {
                    let Some(until) = report.effects.suspends_until.filter(|_| is_own(seq)) else { continue };
                    caused.insert(SuspendingReport { conversation: story.id.clone(), seq, reporter }, until);
                }
            }
            let Some(state) = &account.stored.state else { continue };
            if state.suspensions.iter().any(|one| caused.get(&one.report) != Some(&one.until)) {
                return Err(format!("{user} is suspended by {:?}, not {caused:?}", state.suspensions));
            }
            let is_kept =
                |report: &SuspendingReport| state.suspensions.iter().any(|one| one.report == *report);
            let lost = caused.iter().find(|(report, until)| **until > state.at && !is_kept(report));
            if let Some(lost) = lost.filter(|_| state.suspensions.len() < Suspension::MOST) {
                return Err(format!("{user} is not suspended by {lost:?}: {:?}", state.suspensions));
            }
        }
        Ok(())
    }
}
