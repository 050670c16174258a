//! Reacting to a message.

use async_graphql::{Context, ID, Object};
use domain::emoji;
use graphql::Result;
use graphql::ids::parse_id;
use graphql::message::Message;
use schemas::message::MessageTarget;
use schemas::operations::{AddReaction, RemoveReaction};
use schemas::reacting::Reacted;
use schemas::{MessageId, Refusal};

use super::{Caller, caller};
use crate::requests::RequestKind;

#[derive(Default)]
pub struct Reacting;

#[Object]
impl Reacting {
    /// One emoji, in whatever form Unicode knows it; 20 different ones a message. Adding it again changes nothing.
    async fn add_reaction(&self, ctx: &Context<'_>, message_id: ID, emoji: String) -> Result<Message> {
        let caller = caller(ctx)?;
        let (id, target) = caller.target(&message_id).await?;
        let emoji = emoji::normal(&emoji)?.to_owned();
        if !caller.has_reacted(&id, &emoji).await? {
            let add = AddReaction { conversation: id.conversation.clone(), target, emoji };
            caller.run(RequestKind::Counted, add).await?;
        }
        Ok(caller.message(&id).await?)
    }

    /// One's own. Removing what is not there changes nothing.
    async fn remove_reaction(&self, ctx: &Context<'_>, message_id: ID, emoji: String) -> Result<Message> {
        let caller = caller(ctx)?;
        let (id, target) = caller.target(&message_id).await?;
        let emoji = emoji::normal(&emoji)?.to_owned();
        let remove = RemoveReaction { user: caller.user().clone(), target, emoji };
        caller.run_in(&id.conversation, remove).await?;
        Ok(caller.message(&id).await?)
    }
}

impl Caller<'_> {
    /// The id and the author of a message that the caller sees.
    pub(super) async fn target(&self, message: &ID) -> Result<(MessageId, MessageTarget), Refusal> {
        let id: MessageId = parse_id(message)?;
        let core = self.access.message(&id).await?;
        let target = MessageTarget { seq: id.seq, author: core.sender.user };
        Ok((id, target))
    }

    /// Whether the caller has put an emoji on a message: what is asked again reaches no limit.
    async fn has_reacted(&self, id: &MessageId, emoji: &str) -> Result<bool, Refusal> {
        let own = self.access.own::<Reacted>(&id.conversation, &[id.seq]).await?;
        Ok(own.get(&id.seq).is_some_and(|reacted| reacted.with(emoji).is_some()))
    }
}
