//! Scheduled messages of the caller: made, changed, cancelled. `crate::scheduler` sends them at their time.

use async_graphql::{Context, ID, InputObject, Object};
use domain::account::check_due;
use domain::text;
use graphql::account::scheduling::ScheduledMessage;
use graphql::error::internal;
use graphql::ids::parse_id;
use graphql::scalars::DateTime;
use graphql::{Error, Result};
use schemas::operations::{AccountRequest, CancelSchedule, ChangeSchedule, ScheduleMessage};
use schemas::{ClientId, ConversationId, Refusal};
use uuid::Uuid;

use super::notifications::known_zone;
use super::{Caller, caller, done};
use crate::requests::RequestKind;

/// Names the message of a schedule beside the client's own messages.
const PART: &str = "scheduled";

#[derive(Default)]
pub struct Scheduling;

#[derive(Debug, InputObject)]
pub struct ScheduleMessageInput {
    conversation_id: ID,
    /// Chosen by the client, once per scheduled message; asking again with it changes nothing.
    client_message_id: Uuid,
    content: String,
    /// At most a year ahead.
    scheduled_for: DateTime,
    /// IANA name of the zone in which the user thinks of the time; UTC if absent.
    time_zone: Option<String>,
}

#[Object]
impl Scheduling {
    /// The text is sent at its time, and charged then. At most 100 wait; LIMIT_REACHED beyond.
    async fn schedule_message(
        &self,
        ctx: &Context<'_>,
        input: ScheduleMessageInput,
    ) -> Result<ScheduledMessage> {
        let client_id = ClientId::from(input.client_message_id);
        let made = async {
            let caller = caller(ctx).map_err(|error| error.refusal)?;
            caller.schedule(&client_id, input).await
        };
        made.await.map_err(|refusal| Error { refusal, client_message_id: Some(client_id.clone()) })
    }

    /// What is absent stays. CONFLICT for one that waits no more.
    async fn update_scheduled_message(
        &self,
        ctx: &Context<'_>,
        id: ID,
        content: Option<String>,
        scheduled_for: Option<DateTime>,
    ) -> Result<ScheduledMessage> {
        let (caller, id) = (caller(ctx)?, parse_id::<ClientId>(&id)?);
        let content = content.map(|content| text::normalise(&content));
        if let Some(content) = &content {
            caller.check_text(content).await?;
        }
        let change = ChangeSchedule { id: id.clone(), content, due: scheduled_for.map(|time| time.0) };
        Ok(caller.scheduled(&id, change).await?)
    }

    /// It is not sent. CONFLICT for one that is sent already.
    async fn cancel_scheduled_message(&self, ctx: &Context<'_>, id: ID) -> Result<ScheduledMessage> {
        let (caller, id) = (caller(ctx)?, parse_id::<ClientId>(&id)?);
        Ok(caller.scheduled(&id, CancelSchedule { id: id.clone() }).await?)
    }
}

impl Caller<'_> {
    async fn schedule(
        &self,
        client_id: &ClientId,
        input: ScheduleMessageInput,
    ) -> Result<ScheduledMessage, Refusal> {
        let conversation: ConversationId = parse_id(&input.conversation_id)?;
        let content = text::normalise(&input.content);
        let zone = input.time_zone.as_deref().map_or(Ok("UTC".to_owned()), known_zone)?;
        let (id, due) = (client_id.part(PART), input.scheduled_for.0);
        // A repeat is answered by what stands, also when its time is past.
        if self.ingest.rows.schedule(self.user(), &id).await?.is_none() {
            self.access.visible(&conversation).await?;
            check_due(due, self.ingest.clock.now())?;
            self.check_text(&content).await?;
        }
        self.scheduled(&id, ScheduleMessage { id: id.clone(), conversation, content, due, zone }).await
    }

    /// Runs a command about a schedule, and gives it as it is then.
    async fn scheduled(
        &self,
        id: &ClientId,
        request: impl Into<AccountRequest>,
    ) -> Result<ScheduledMessage, Refusal> {
        self.run(RequestKind::Direct, request).await?;
        let schedule = self.ingest.rows.schedule(self.user(), id).await.map_err(done)?;
        let schedule = schedule.ok_or_else(|| internal(&"a schedule has no row after its command"))?;
        Ok(ScheduledMessage::new(id.clone(), schedule))
    }
}
