//! Receipts: how far messages have reached the caller, and how far the caller has read.

use async_graphql::{Context, ID, Object};
use domain::privacy;
use graphql::Result;
use graphql::ids::parse_id;
use schemas::flags::Flag;
use schemas::receipts::{AcknowledgeDelivery, MarkRead};
use schemas::{ConversationId, MessageId, Refusal};

use super::{Caller, caller};
use crate::Asked;

#[derive(Default)]
pub struct Receipts;

#[Object]
impl Receipts {
    async fn mark_read(&self, ctx: &Context<'_>, conversation_id: ID, up_to_message_id: ID) -> Result<bool> {
        let caller = caller(ctx)?;
        let MessageId { conversation, seq } = caller.mark(&conversation_id, &up_to_message_id).await?;
        let is_shown = privacy::sends_reads(&caller.access.privacy().await?);
        let read = MarkRead { user: caller.user().clone(), up_to: seq, is_shown };
        caller.run_in(&conversation, read).await?;
        Ok(true)
    }

    /// By a device that has stored the messages up to this one. Acknowledgements of one second are one.
    async fn acknowledge_delivery(
        &self,
        ctx: &Context<'_>,
        conversation_id: ID,
        up_to_message_id: ID,
    ) -> Result<bool> {
        let caller = caller(ctx)?;
        let MessageId { conversation, seq } = caller.mark(&conversation_id, &up_to_message_id).await?;
        let key = (caller.user().clone(), conversation.clone());
        let tier = caller.tier(Some(Flag::DeliveryReceipts)).await;
        let (ingest, user) = (caller.ingest.clone(), caller.user().clone());
        let run = move |up_to| async move {
            let request = AcknowledgeDelivery { user: user.clone(), up_to }.into();
            let asked = Asked { tier: tier.as_ref(), ..Asked::direct(&user) };
            ingest.run_on_conversation(asked, conversation, request).await
        };
        caller.ingest.deliveries.mark(key, seq, run).await?;
        caller.access.rights.clear();
        Ok(true)
    }
}

impl Caller<'_> {
    /// The message that a mark names, in a conversation that the caller is in.
    async fn mark(&self, conversation: &ID, message: &ID) -> Result<MessageId, Refusal> {
        let named: MessageId = parse_id(message)?;
        if named.conversation != parse_id::<ConversationId>(conversation)? {
            return Err(Refusal::bad_input("upToMessageId", "a message of another conversation"));
        }
        self.access.visible(&named.conversation).await?;
        Ok(named)
    }
}
