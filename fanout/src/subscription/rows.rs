//! A user's rows, read when they subscribe: memberships, blocks and privacy settings.

use std::sync::Arc;

use futures::future::try_join3;
use graphql::Rows;
use graphql::rows::Pages;
use platform::ports::{Tables, TablesError};
use schemas::UserId;
use schemas::position::Offset;
use schemas::privacy::Privacy;
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::tables::{BLOCKS, CONVERSATIONS_BY_USER, MalformedRow};

use super::Ended;
use crate::completion::unread;
use crate::hub::UserRows;

/// All of them: without one of a user's memberships or blocks they would miss messages in silence, or get
/// what is hidden from them.
pub async fn of_user(tables: &Arc<dyn Tables>, user: &UserId) -> Result<UserRows, Ended> {
    let (memberships, blocks, privacy) =
        try_join3(memberships(&**tables, user), blocks(&**tables, user), privacy(tables, user)).await?;
    Ok(UserRows { memberships, blocks, privacy })
}

async fn memberships(
    tables: &dyn Tables,
    user: &UserId,
) -> Result<Vec<(MembershipRow, Offset)>, TablesError> {
    let (mut rows, mut pages) =
        (vec![], Pages::of(tables, &CONVERSATIONS_BY_USER, MembershipRow::partition(user)));
    while let Some(page) = pages.next().await? {
        for row in page {
            let membership = MembershipRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
            rows.push((membership, row.version.offset()));
        }
    }
    Ok(rows)
}

async fn blocks(tables: &dyn Tables, user: &UserId) -> Result<Vec<(BlocksRow, Offset)>, TablesError> {
    let (mut rows, mut pages) = (vec![], Pages::of(tables, &BLOCKS, BlocksRow::partition(user)));
    while let Some(page) = pages.next().await? {
        for row in page {
            let blocks = BlocksRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
            rows.push((blocks, row.version.offset()));
        }
    }
    Ok(rows)
}

async fn privacy(tables: &Arc<dyn Tables>, user: &UserId) -> Result<Option<(Privacy, Offset)>, TablesError> {
    let account = Rows::new(tables.clone()).versioned_account(user).await.map_err(unread)?;
    Ok(account.map(|state| (state.value.privacy, state.version.offset())))
}

fn malformed(error: MalformedRow) -> TablesError {
    TablesError::Refused(error.to_string())
}
