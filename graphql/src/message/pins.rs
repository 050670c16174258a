//! Pins of messages.

use async_graphql::{Context, Object, SimpleObject};
use schemas::Refusal;
use schemas::pinning::Pinned;

use super::{Message, Origin};
use crate::Result;
use crate::people::user::User;
use crate::reads::{Access, ConversationSight};
use crate::scalars::DateTime;

impl Message {
    /// The message of an event about its pin, which says more than rows that are behind it.
    pub fn with_pin(mut self, pin: Option<Pinned>) -> Self {
        self.pin = Some(pin);
        self
    }

    async fn standing_pin(&self, ctx: &Context<'_>) -> Result<Option<Pinned>> {
        if self.body.removed_at().is_some() {
            return Ok(None);
        }
        if let Some(told) = &self.pin {
            return Ok(told.clone());
        }
        match &self.origin {
            Origin::Accepted(_) => Ok(None),
            Origin::Completed(None, ..) => Err(Refusal::unavailable("the pin could not be read").into()),
            Origin::Completed(Some(_), completed, _) => Ok(completed.aspects.pin.clone()),
            Origin::Read => Ok(self.written(ctx).await?.aspects.pin.clone()),
        }
    }
}

/// Fields of a message about its pin.
pub struct MessagePin<'a>(pub &'a Message);

#[Object]
impl MessagePin<'_> {
    async fn pinned_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        Ok(self.0.standing_pin(ctx).await?.map(|pin| DateTime(pin.at)))
    }

    async fn pinned_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        Ok(self.0.standing_pin(ctx).await?.map(|pin| User::named(pin.by)))
    }
}

/// A message was pinned, or is pinned no more.
#[derive(SimpleObject)]
pub struct PinChange {
    pub message: Message,
    pub pinned: bool,
    pub by: User,
}

/// The pinned messages of a conversation that the viewer sees, in the order in which they were pinned.
pub async fn pinned(access: &Access<'_>, sight: &ConversationSight) -> Result<Vec<Message>> {
    Ok(Message::read_all(sight.id(), access.pinned(sight).await?))
}
