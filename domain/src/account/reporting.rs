//! Reporting: counted here, filed by the conversation.

use fold::{Decision, Purpose};
use schemas::charging::ChargeKind;
use schemas::reporting::{FileReport, MAX_DETAILS, ReportMessage};
use schemas::rows::RowKey;
use schemas::verdict::Outcome;

use super::{Accounts, accepted, charging, usage};
use crate::operation::{Context, NoEffect, Operation, Past};
use crate::text;

impl Operation<Accounts> for ReportMessage {
    fn needs(&self, _: Purpose) -> Vec<RowKey> {
        vec![usage::key(usage::REPORT)]
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let Self { conversation, message, reason, details } = self.clone();
        details.as_deref().map_or(Ok(()), |text| text::check_length("details", text, MAX_DETAILS))?;
        let mut effect = context.effect();
        usage::count(context, &mut effect, usage::REPORT, &context.policy.limits.report)?;
        let charge = charging::uncharged(context, ChargeKind::Report, conversation);
        let report = FileReport { reporter: context.id.clone(), message, reason, details };
        charging::pass(context, &mut effect, charge, report);
        Ok(effect.answered(accepted(false)))
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        Some(usage::repeated(past, usage::REPORT))
    }
}
