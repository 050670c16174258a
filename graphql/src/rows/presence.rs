//! What presence needs of a user's rows.

use async_trait::async_trait;
use awareness::presence::Tables;
use schemas::privacy::Privacy;
use schemas::{ConversationId, Refusal, UserId};

use super::Rows;

#[async_trait]
impl Tables for Rows {
    async fn privacy(&self, user: &UserId) -> Result<Privacy, Refusal> {
        Rows::privacy(self, user).await
    }

    async fn follows(&self, user: &UserId, other: &UserId) -> Result<bool, Refusal> {
        Ok(!Rows::follows(self, user, std::slice::from_ref(other)).await?.is_empty())
    }

    async fn conversations(&self, user: &UserId, most: usize) -> Result<Vec<ConversationId>, Refusal> {
        self.conversations_of(user, most).await
    }
}
