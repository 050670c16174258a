//! A user's rows, read when they subscribe: memberships and blocks.

use graphql::rows::Pages;
use platform::ports::{Tables, TablesError};
use schemas::UserId;
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::tables::{BLOCKS, CONVERSATIONS_BY_USER, MalformedRow};

use super::Ended;
use crate::hub::UserRows;

/// All of them: without one of a user's memberships or blocks they would miss messages in silence, or get
/// what is hidden from them.
pub async fn of_user(tables: &dyn Tables, user: &UserId) -> Result<UserRows, Ended> {
    let mut rows = UserRows::default();
    let mut memberships = Pages::of(tables, &CONVERSATIONS_BY_USER, MembershipRow::partition(user));
    while let Some(page) = memberships.next().await? {
        for row in page {
            let membership = MembershipRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
            rows.memberships.push((membership, row.version.offset()));
        }
    }
    let mut blocks = Pages::of(tables, &BLOCKS, BlocksRow::partition(user));
    while let Some(page) = blocks.next().await? {
        for row in page {
            let blocks = BlocksRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
            rows.blocks.push((blocks, row.version.offset()));
        }
    }
    Ok(rows)
}

fn malformed(error: MalformedRow) -> TablesError {
    TablesError::Refused(error.to_string())
}
