//! Credits: the balance, and every change of it.

use async_graphql::{Context, ID, Object, SimpleObject};
use schemas::credits::LedgerEntry;
use schemas::position::Offset;
use schemas::{MessageId, UserId};

use crate::paging::{self, PageInfo};
use crate::scalars::DateTime;
use crate::{Result, reads};

/// The viewer's own account.
pub struct CreditAccount {
    pub user: UserId,
    pub balance_milli: i64,
}

#[Object]
impl CreditAccount {
    /// Milli-credits: 1 credit = 1000.
    async fn balance_milli(&self) -> i64 {
        self.balance_milli
    }

    /// Newest first.
    async fn transactions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<CreditTransactionConnection> {
        let count = paging::size("first", first)?;
        let before = paging::position::<Offset>("after", after.as_deref())?;
        if before.is_some_and(|before| before < 0) {
            return Err(paging::malformed("after").into());
        }
        let mut entries = reads(ctx)?.ledger(&self.user, before, count + 1).await?;
        let has_next_page = entries.len() > count;
        entries.truncate(count);
        let cursor = |entry: Option<&(Offset, LedgerEntry)>| entry.map(|(offset, _)| paging::cursor(offset));
        let page_info = PageInfo {
            has_next_page,
            // The list only grows at its beginning, so that an entry before the cursor's is still there.
            has_previous_page: before.is_some(),
            start_cursor: cursor(entries.first()),
            end_cursor: cursor(entries.last()),
        };
        let own = |(offset, entry)| CreditTransaction { user: self.user.clone(), offset, entry };
        Ok(CreditTransactionConnection { nodes: entries.into_iter().map(own).collect(), page_info })
    }
}

#[derive(SimpleObject)]
pub struct CreditTransactionConnection {
    pub nodes: Vec<CreditTransaction>,
    pub page_info: PageInfo,
}

pub struct CreditTransaction {
    user: UserId,
    offset: Offset,
    entry: LedgerEntry,
}

#[Object]
impl CreditTransaction {
    async fn id(&self) -> ID {
        self.offset.to_string().into()
    }

    async fn amount_milli(&self) -> i64 {
        self.entry.amount_milli
    }

    async fn balance_after_milli(&self) -> i64 {
        self.entry.balance_after_milli
    }

    #[graphql(name = "type")]
    async fn kind(&self) -> &'static str {
        self.entry.kind.as_str()
    }

    async fn message_id(&self, ctx: &Context<'_>) -> Result<Option<ID>> {
        let (Some(conversation), Some(client)) = (&self.entry.conversation, &self.entry.client_id) else {
            return Ok(None);
        };
        let seq = reads(ctx)?.sent(&self.user, conversation, client).await?;
        Ok(seq.map(|seq| MessageId { conversation: conversation.clone(), seq }.to_string().into()))
    }

    async fn conversation_id(&self) -> Option<ID> {
        self.entry.conversation.as_ref().map(|id| id.as_str().into())
    }

    async fn recipient_count(&self) -> Option<i32> {
        self.entry.recipients
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.entry.at)
    }
}
