//! Blocking and unblocking another user.

use async_graphql::{Context, ID, Object};
use graphql::Result;
use graphql::ids::parse_id;
use schemas::blocking::SetBlock;
use schemas::{Refusal, UserId};

use super::{Caller, caller};

#[derive(Default)]
pub struct Blocking;

#[Object]
impl Blocking {
    async fn block_user(&self, ctx: &Context<'_>, user_id: ID) -> Result<bool> {
        caller(ctx)?.set_block(parse_id(&user_id)?, true).await?;
        Ok(true)
    }

    async fn unblock_user(&self, ctx: &Context<'_>, user_id: ID) -> Result<bool> {
        caller(ctx)?.set_block(parse_id(&user_id)?, false).await?;
        Ok(true)
    }
}

impl Caller<'_> {
    async fn set_block(&self, other: UserId, blocked: bool) -> Result<(), Refusal> {
        let user = self.user().clone();
        if user == other {
            return Err(Refusal::bad_input("userId", "nobody blocks themselves"));
        }
        self.access.reads.profile(&other).await?;
        let conversation = self.access.reads.ids.direct(&user, &other);
        self.run_in(&conversation, SetBlock { user, other, blocked }).await
    }
}
