//! A receipt: how far one user is with one message.

use async_graphql::{ID, Object};
use schemas::position::LogTime;
use schemas::{MessageId, UserId};

use crate::people::user::User;
use crate::scalars::DateTime;

pub struct MessageReceipt {
    pub message: MessageId,
    pub user: UserId,
    pub delivered_at: Option<LogTime>,
    pub read_at: Option<LogTime>,
}

#[Object]
impl MessageReceipt {
    async fn message_id(&self) -> ID {
        self.message.to_string().into()
    }

    async fn conversation_id(&self) -> ID {
        self.message.conversation.as_str().into()
    }

    async fn user(&self) -> User {
        User::named(self.user.clone())
    }

    /// Reading implies delivery.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.delivered_at.map(DateTime)
    }

    async fn read_at(&self) -> Option<DateTime> {
        self.read_at.map(DateTime)
    }
}
