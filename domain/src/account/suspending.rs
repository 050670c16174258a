//! Suspension: a suspended user writes nothing that others read.
//!
//! Invariant: an account keeps a suspension until its report is dismissed or its time has passed.

use fold::{Decision, Purpose};
use schemas::code::Refusal;
use schemas::rows::RowKey;
use schemas::suspending::{SetSuspension, Suspension};
use schemas::verdict::Outcome;

use super::Accounts;
use crate::operation::{Context, NoEffect, Operation, Past, holds};

impl Operation<Accounts> for SetSuspension {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let before = &context.state().suspensions;
        let lasting = before.iter().filter(|one| one.report != self.report && context.at < one.until);
        let new = self.until.map(|until| Suspension { report: self.report.clone(), until });
        let mut suspensions: Vec<Suspension> = lasting.cloned().chain(new).collect();
        suspensions.sort_by_key(|one| one.until);
        suspensions.drain(..suspensions.len().saturating_sub(Suspension::MOST));
        if suspensions == *before {
            return Err(NoEffect::Nothing);
        }
        let mut effect = context.effect();
        effect.state().suspensions = suspensions;
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        let suspends = past.owner.state.suspensions.iter().any(|one| one.report == self.report);
        holds(suspends == self.until.is_some())
    }
}

/// FORBIDDEN for a user who is suspended.
pub fn check(context: &Context<'_, Accounts>) -> Result<(), Refusal> {
    let ends = context.state().suspensions.iter().map(|one| one.until);
    match ends.max().filter(|until| context.at < *until) {
        Some(until) => Err(Refusal::suspended(until)),
        None => Ok(()),
    }
}
