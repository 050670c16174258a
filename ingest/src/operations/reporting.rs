//! Reporting a message, and deciding about reports.

use async_graphql::{Context, ID, Object};
use domain::text;
use graphql::Result;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::reporting::{MessageReport, ModerationAction, ReportReason};
use schemas::reporting::{MAX_DETAILS, Report, ReportId, ReportMessage, ResolveReport};
use schemas::{MessageId, Refusal};

use super::{Caller, caller, done};
use crate::metrics;
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Reporting;

#[Object]
impl Reporting {
    /// A message that the caller sees and has not sent. Reporting it again changes nothing; `details` has up to 1,000
    /// characters.
    async fn report_message(
        &self,
        ctx: &Context<'_>,
        message_id: ID,
        reason: ReportReason,
        details: Option<String>,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let id: MessageId = parse_id(&message_id)?;
        let details = said("details", details)?;
        let message = Box::new(caller.access.message(&id).await?);
        let own = ReportId { message: id, reporter: caller.user().clone() };
        if caller.ingest.rows.report(&own).await?.is_some() {
            return Ok(true);
        }
        let reason = reason.into();
        let conversation = own.message.conversation;
        caller.run(RequestKind::Counted, ReportMessage { conversation, message, reason, details }).await?;
        metrics::reported(reason);
        Ok(true)
    }

    /// By moderators of the service. Of two who decide at the same time the second is refused; `note` has up to 1,000
    /// characters, and only moderators read it.
    async fn resolve_report(
        &self,
        ctx: &Context<'_>,
        report_id: ID,
        action: ModerationAction,
        note: Option<String>,
    ) -> Result<MessageReport> {
        let caller = caller(ctx)?;
        caller.roles.moderation()?;
        let id: ReportId = parse_id(&report_id)?;
        let (note, before) = (said("note", note)?, caller.report(&id).await?);
        let MessageId { conversation, seq } = &id.message;
        let message = caller.ingest.rows.message(conversation, *seq).await?;
        let message = message.ok_or_else(|| internal(&"a report of a message without a row"))?.core;
        let resolve = ResolveReport {
            moderator: caller.user().clone(),
            reporter: id.reporter.clone(),
            message: Box::new(message),
            action: action.into(),
            note,
            known: before.decisions,
        };
        caller.run_in(conversation, resolve).await?;
        let report = caller.report(&id).await.map_err(done)?;
        if let Some(decision) = report.decision.as_ref().filter(|_| before.decisions < report.decisions) {
            let waited = (before.decisions == 0).then_some(decision.at - report.at);
            metrics::decided(decision.action, waited);
        }
        Ok(MessageReport::new(id, report))
    }
}

/// A text for moderators, without what is not shown; none of one that is blank.
fn said(field: &str, given: Option<String>) -> Result<Option<String>, Refusal> {
    let given = given.map(|given| text::normalise(&given)).filter(|given| !text::is_blank(given));
    given.as_deref().map_or(Ok(()), |given| text::check_length(field, given, MAX_DETAILS))?;
    Ok(given)
}

impl Caller<'_> {
    async fn report(&self, id: &ReportId) -> Result<Report, Refusal> {
        self.ingest.rows.report(id).await?.ok_or_else(Refusal::not_found)
    }
}
