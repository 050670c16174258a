//! Reports of messages, for moderators of the service.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use schemas::reporting::{Report, ReportId};
use schemas::tables::reports::ReportPlace;
use schemas::{ConversationId, MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::message::Message;
use crate::paging::{self, PageInfo};
use crate::people::user::User;
use crate::scalars::DateTime;
use crate::{Result, reads, viewer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "schemas::reporting::ReportReason")]
pub enum ReportReason {
    Spam,
    Harassment,
    Inappropriate,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "schemas::reporting::ReportStatus")]
pub enum ReportStatus {
    Pending,
    Actioned,
    Dismissed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "schemas::reporting::ModerationAction")]
pub enum ModerationAction {
    /// Undoes what the report has caused: the message is shown again, the suspension lifted.
    Dismiss,
    HideMessage,
    /// The sender of the message writes nothing that others read, for a week unless the policy says otherwise.
    SuspendUser,
}

pub struct MessageReport {
    id: ReportId,
    report: Report,
}

impl MessageReport {
    pub fn new(id: ReportId, report: Report) -> Self {
        Self { id, report }
    }
}

#[Object]
impl MessageReport {
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    /// As it stands now.
    async fn message(&self, ctx: &Context<'_>) -> Result<Option<Message>> {
        let right = viewer(ctx)?.roles.moderation()?;
        let message = reads(ctx)?.reported(right, &self.id.message).await?;
        Ok(message.map(|message| Message::read(&self.id.message.conversation, message)))
    }

    /// The text as it was reported, and the names of its files, a line each. Edits, deletion and expiry do not
    /// change it.
    async fn snapshot(&self) -> &str {
        &self.report.snapshot
    }

    /// Nobody where a rule of the policy asks for attention; `details` names the rules.
    async fn reporter(&self) -> Option<User> {
        let is_of_user = self.id.reporter != UserId::service();
        is_of_user.then(|| User::named(self.id.reporter.clone()))
    }

    async fn reason(&self) -> ReportReason {
        self.report.reason.into()
    }

    async fn details(&self) -> Option<&str> {
        self.report.details.as_deref()
    }

    async fn status(&self) -> ReportStatus {
        self.report.status().into()
    }

    async fn reviewed_by(&self) -> Option<User> {
        self.report.decision.as_ref().map(|decision| User::named(decision.by.clone()))
    }

    async fn reviewed_at(&self) -> Option<DateTime> {
        self.report.decision.as_ref().map(|decision| DateTime(decision.at))
    }

    /// The actions in force, and behind a colon the note of the last decision, if it has one.
    async fn action_taken(&self) -> Option<String> {
        let decision = self.report.decision.as_ref()?;
        let actions = self.report.in_force().into_iter().map(schemas::reporting::ModerationAction::as_str);
        let actions = actions.collect::<Vec<_>>().join(", ");
        Some(match &decision.note {
            Some(note) => format!("{actions}: {note}"),
            None => actions,
        })
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.report.at)
    }
}

#[derive(SimpleObject)]
pub struct MessageReportConnection {
    nodes: Vec<MessageReport>,
    page_info: PageInfo,
}

/// A place in the queue, as a cursor holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Position(i64, ConversationId, i64, UserId);

impl Position {
    fn of(place: &ReportPlace) -> Self {
        let ReportId { message: MessageId { conversation, seq }, reporter } = place.id.clone();
        Self(place.at, conversation, seq, reporter)
    }

    fn place(self) -> ReportPlace {
        let Self(at, conversation, seq, reporter) = self;
        ReportPlace { at, id: ReportId { message: MessageId { conversation, seq }, reporter } }
    }
}

/// The oldest first; of every status where none is given.
pub async fn queue(
    ctx: &Context<'_>,
    status: Option<ReportStatus>,
    first: Option<i32>,
    after: Option<&str>,
) -> Result<MessageReportConnection> {
    let right = viewer(ctx)?.roles.moderation()?;
    let size = paging::size("first", first)?;
    let after = paging::position::<Position>("after", after)?.map(Position::place);
    let all = schemas::reporting::ReportStatus::ALL;
    let one = status.map(schemas::reporting::ReportStatus::from);
    let statuses = one.as_ref().map_or(&all[..], std::slice::from_ref);
    let page = reads(ctx)?.reports(right, statuses, after.as_ref(), size).await?;
    let cursor = |place: &ReportPlace| paging::cursor(&Position::of(place));
    let last = page.reports.last().map(|(place, _)| place);
    let page_info = PageInfo {
        has_next_page: page.more_behind.is_some(),
        has_previous_page: after.is_some(),
        start_cursor: page.reports.first().map(|(place, _)| cursor(place)),
        // A page that is short of what was looked at goes on behind the look.
        end_cursor: page.more_behind.as_ref().or(last).map(cursor),
    };
    let nodes = page.reports.into_iter().map(|(place, report)| MessageReport::new(place.id, report));
    Ok(MessageReportConnection { nodes: nodes.collect(), page_info })
}
