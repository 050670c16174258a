//! How far the recipients of a message are with it.
//!
//! Invariants: recipients are the members of the message's moment; those between whom and the viewer a block
//! stands are left out of lists, counts and status; a viewer with read receipts off sees no read marks.

use async_graphql::{Context, Enum, ID, Object};
use domain::delivery::Answers;
use schemas::Refusal;

use super::receipts::MessageReceipt;
use super::{Message, Origin};
use crate::people::Progress;
use crate::reads::{unblocked, without_reads};
use crate::{Result, access, paging};

/// Seen by the sender: SENT until every recipient has it, then DELIVERED, then READ when every
/// recipient has read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum MessageStatus {
    Sent,
    Delivered,
    Read,
}

/// Fields of a message about its marks.
pub struct MessageMarks<'a>(pub &'a Message);

impl MessageMarks<'_> {
    /// The recipients whose marks the viewer sees, by id; none for a viewer who is gone.
    async fn recipients(&self, ctx: &Context<'_>) -> Result<&[Progress]> {
        let Self(message) = self;
        let find = async || -> Result<Vec<Progress>> {
            match &message.origin {
                Origin::Accepted(_) => Ok(vec![]),
                Origin::Completed(None, ..) => {
                    Err(Refusal::unavailable("the members could not be read").into())
                }
                Origin::Completed(Some(people), _, answers) => {
                    let core = message.core(ctx).await?;
                    let recipients = if answers.has(Answers::IS_BLOCKED) {
                        unblocked(people, core, &*access(ctx)?.blocks().await?)
                    } else {
                        people.recipients(core)
                    };
                    Ok(if answers.has(Answers::HIDES_READS) { without_reads(recipients) } else { recipients })
                }
                Origin::Read => {
                    let access = access(ctx)?;
                    let sight = access.sight(&message.id.conversation).await?;
                    if sight.interval().is_err() {
                        return Ok(vec![]);
                    }
                    let core = message.core(ctx).await?;
                    let people = access.people_of(&sight, core).await?;
                    let recipients = unblocked(&people, core, sight.blocks());
                    let sees_reads = domain::privacy::sees_reads(&access.privacy().await?);
                    Ok(if sees_reads { recipients } else { without_reads(recipients) })
                }
            }
        };
        Ok(message.recipients.get_or_try_init(find).await?)
    }

    /// A page of the receipts of those who have come so far, by the users' ids.
    async fn page(
        &self,
        ctx: &Context<'_>,
        has_come: fn(&Progress) -> bool,
        first: Option<i32>,
        after: Option<ID>,
    ) -> Result<Vec<MessageReceipt>> {
        let (count, after) = paging::of_users(first, after)?;
        let recipients = self.recipients(ctx).await?.iter().filter(|progress| has_come(progress));
        let behind = recipients.filter(|progress| after.as_ref().is_none_or(|after| progress.user > *after));
        let receipt = |Progress { user, delivered_at, read_at }: &Progress| MessageReceipt {
            message: self.0.id.clone(),
            user: user.clone(),
            delivered_at: *delivered_at,
            read_at: *read_at,
        };
        Ok(behind.take(count).map(receipt).collect())
    }
}

fn has_received(progress: &Progress) -> bool {
    progress.delivered_at.is_some()
}

fn has_read(progress: &Progress) -> bool {
    progress.read_at.is_some()
}

#[Object]
impl MessageMarks<'_> {
    async fn status(&self, ctx: &Context<'_>) -> Result<MessageStatus> {
        let recipients = self.recipients(ctx).await?;
        if recipients.is_empty() {
            return Ok(MessageStatus::Sent);
        }
        Ok(if recipients.iter().all(has_read) {
            MessageStatus::Read
        } else if recipients.iter().all(has_received) {
            MessageStatus::Delivered
        } else {
            MessageStatus::Sent
        })
    }

    /// by the users' ids; `after` is the id of the last one seen
    async fn delivered_to(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<ID>,
    ) -> Result<Vec<MessageReceipt>> {
        self.page(ctx, has_received, first, after).await
    }

    /// by the users' ids; `after` is the id of the last one seen
    async fn read_by(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<ID>,
    ) -> Result<Vec<MessageReceipt>> {
        self.page(ctx, has_read, first, after).await
    }

    /// "Read by 3 of 5": readByCount of recipientCount
    async fn read_by_count(&self, ctx: &Context<'_>) -> Result<i32> {
        let readers = self.recipients(ctx).await?.iter().filter(|progress| has_read(progress));
        Ok(i32::try_from(readers.count()).unwrap_or(i32::MAX))
    }

    async fn recipient_count(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(self.0.core(ctx).await?.recipients)
    }
}
