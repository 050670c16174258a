//! A user's rows, read when they subscribe: memberships, blocks and privacy settings.

use graphql::rows::Pages;
use platform::ports::{Tables, TablesError};
use schemas::UserId;
use schemas::avro;
use schemas::rows::STATE;
use schemas::states::AccountState;
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::tables::{ACCOUNTS, BLOCKS, CONVERSATIONS_BY_USER, FromValues, MalformedRow, Value};

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
    let state = [vec![Value::Int(STATE), Value::blob(&[])]];
    let account = tables.get(&ACCOUNTS, &[Value::text(user.as_str())], &state).await?;
    if let Some(row) = account.first() {
        let body = FromValues::new(ACCOUNTS.name, &row.columns).blob().map_err(malformed)?;
        let state: AccountState =
            avro::decode(body).map_err(|error| TablesError::Refused(error.to_string()))?;
        rows.privacy = Some((state.privacy, row.version.offset()));
    }
    Ok(rows)
}

fn malformed(error: MalformedRow) -> TablesError {
    TablesError::Refused(error.to_string())
}
