//! What the API asks of ingest.

use async_trait::async_trait;
use schemas::conversation::ConversationKind;
use schemas::{ClientId, ConversationId, MessageId, Refusal, UserId};

/// A message to send, as the client said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    pub conversation: ConversationId,
    pub client_id: ClientId,
    pub content: String,
    pub reply_to: Option<MessageId>,
}

/// A conversation to create, as the client said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create {
    pub kind: ConversationKind,
    pub participants: Vec<UserId>,
    pub title: Option<String>,
    pub client_id: ClientId,
}

/// Each is answered when its effect is durable and readable, or refused.
#[async_trait]
pub trait Commands: std::marker::Send + Sync + 'static {
    async fn send_message(&self, user: &UserId, send: Send) -> Result<MessageId, Refusal>;
    async fn create_conversation(&self, user: &UserId, create: Create) -> Result<ConversationId, Refusal>;
    async fn mark_read(&self, user: &UserId, up_to: MessageId) -> Result<(), Refusal>;
    async fn add_participants(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        people: Vec<UserId>,
    ) -> Result<(), Refusal>;
    /// Who removes themselves leaves.
    async fn remove_participant(
        &self,
        user: &UserId,
        conversation: &ConversationId,
        person: &UserId,
    ) -> Result<(), Refusal>;
    async fn delete_message(&self, user: &UserId, message: &MessageId) -> Result<(), Refusal>;
    async fn set_block(&self, user: &UserId, other: &UserId, blocked: bool) -> Result<(), Refusal>;
}
