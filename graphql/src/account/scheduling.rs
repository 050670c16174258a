//! Scheduled messages of the viewer.

use async_graphql::{Context, Enum, ID, Object};
use schemas::rows::Schedule;
use schemas::scheduling::ScheduleProgress;
use schemas::{ClientId, ConversationId, MessageId};

use crate::ids::parse_id;
use crate::scalars::DateTime;
use crate::{Result, access};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ScheduleStatus {
    /// Its time has not come, or it is being sent.
    Pending,
    Sent,
    Cancelled,
    /// It was refused at its time, and cost nothing; `failure` is the code of the error.
    Failed,
}

/// A text that is sent at its time, or was. It is charged when it is sent.
pub struct ScheduledMessage {
    id: ClientId,
    schedule: Schedule,
}

impl ScheduledMessage {
    pub fn new(id: ClientId, schedule: Schedule) -> Self {
        Self { id, schedule }
    }
}

#[Object]
impl ScheduledMessage {
    /// The `clientMessageId` of the message that it sends.
    async fn id(&self) -> ID {
        self.id.to_string().into()
    }

    async fn conversation_id(&self) -> ID {
        self.schedule.conversation.to_string().into()
    }

    async fn content(&self) -> &str {
        &self.schedule.content
    }

    async fn scheduled_for(&self) -> DateTime {
        DateTime(self.schedule.due)
    }

    /// IANA name of the zone in which the user thinks of the time.
    async fn time_zone(&self) -> &str {
        &self.schedule.zone
    }

    async fn status(&self) -> ScheduleStatus {
        match self.schedule.progress {
            ScheduleProgress::Waiting(_) | ScheduleProgress::Firing(_) => ScheduleStatus::Pending,
            ScheduleProgress::Sent(_) => ScheduleStatus::Sent,
            ScheduleProgress::Cancelled(_) => ScheduleStatus::Cancelled,
            ScheduleProgress::Failed(_) => ScheduleStatus::Failed,
        }
    }

    async fn sent_at(&self) -> Option<DateTime> {
        match &self.schedule.progress {
            ScheduleProgress::Sent(sent) => Some(DateTime(sent.at)),
            ScheduleProgress::Waiting(_)
            | ScheduleProgress::Firing(_)
            | ScheduleProgress::Cancelled(_)
            | ScheduleProgress::Failed(_) => None,
        }
    }

    async fn message_id(&self) -> Option<ID> {
        match &self.schedule.progress {
            ScheduleProgress::Sent(sent) => {
                let conversation = self.schedule.conversation.clone();
                Some(MessageId { conversation, seq: sent.seq }.to_string().into())
            }
            ScheduleProgress::Waiting(_)
            | ScheduleProgress::Firing(_)
            | ScheduleProgress::Cancelled(_)
            | ScheduleProgress::Failed(_) => None,
        }
    }

    /// The code of the error by which it was refused.
    async fn failure(&self) -> Option<&str> {
        match &self.schedule.progress {
            ScheduleProgress::Failed(failed) => Some(failed.refusal.code.as_str()),
            ScheduleProgress::Waiting(_)
            | ScheduleProgress::Firing(_)
            | ScheduleProgress::Sent(_)
            | ScheduleProgress::Cancelled(_) => None,
        }
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.schedule.created_at)
    }
}

/// Those of the viewer, for one conversation or for all, in the order of their times.
pub async fn all(ctx: &Context<'_>, conversation: Option<&ID>) -> Result<Vec<ScheduledMessage>> {
    let access = access(ctx)?;
    let conversation: Option<ConversationId> = conversation.map(parse_id).transpose()?;
    let all = access.schedules().await?;
    let wanted =
        all.into_iter().filter(|(_, one)| conversation.as_ref().is_none_or(|id| one.conversation == *id));
    Ok(wanted.map(|(id, schedule)| ScheduledMessage::new(id, schedule)).collect())
}
