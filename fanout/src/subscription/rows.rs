//! A user's rows, read when they subscribe: memberships, blocks and privacy settings.

use std::sync::Arc;

use futures::future::try_join3;
use graphql::Rows;
use graphql::rows::Pages;
use platform::ports::{Row, Tables, TablesError};
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
    let memberships = Pages::of(&**tables, &CONVERSATIONS_BY_USER, MembershipRow::partition(user));
    let blocks = Pages::of(&**tables, &BLOCKS, BlocksRow::partition(user));
    let read_membership = |row: &Row| MembershipRow::from_row(user, &row.key, &row.columns);
    let read_blocks = |row: &Row| BlocksRow::from_row(user, &row.key, &row.columns);
    let (memberships, blocks, privacy) =
        try_join3(all(memberships, read_membership), all(blocks, read_blocks), privacy(tables, user)).await?;
    Ok(UserRows { memberships, blocks, privacy })
}

/// All rows of these pages, with the offsets of the commands that wrote them.
async fn all<T>(
    mut pages: Pages<'_>,
    read: impl Fn(&Row) -> Result<T, MalformedRow>,
) -> Result<Vec<(T, Offset)>, TablesError> {
    let mut rows = vec![];
    while let Some(page) = pages.next().await? {
        for row in &page {
            let value = read(row).map_err(|error| TablesError::Refused(error.to_string()))?;
            rows.push((value, row.version.offset()));
        }
    }
    Ok(rows)
}

async fn privacy(tables: &Arc<dyn Tables>, user: &UserId) -> Result<Option<(Privacy, Offset)>, TablesError> {
    let account = Rows::new(tables.clone()).versioned_account(user).await.map_err(unread)?;
    Ok(account.map(|state| (state.value.privacy, state.version.offset())))
}
