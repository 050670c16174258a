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
        let (mut memberships, mut found) = (self.memberships(user), vec![]);
        while found.len() < most
            && let Some(page) = memberships.next().await?
        {
            let present = page.into_iter().filter(|row| row.member.present().is_some());
            found.extend(present.map(|row| row.conversation).take(most - found.len()));
        }
        Ok(found)
    }
}
