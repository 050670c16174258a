//! A user's rows, read when they come: where they are or were, and whom they do not hear.

use platform::ports::{Range, Row, Tables, TablesError};
use schemas::UserId;
use schemas::tables::views::{BlocksRow, MembershipRow};
use schemas::tables::{BLOCKS, CONVERSATIONS_BY_USER, MalformedRow, Table, Value};

use crate::hub::UserRows;

/// The most rows of one user and table that are looked at.
const MAX_ROWS: usize = 2_000;

pub async fn of_user(tables: &dyn Tables, user: &UserId) -> Result<UserRows, TablesError> {
    let mut rows = UserRows::default();
    for row in all(tables, &CONVERSATIONS_BY_USER, &MembershipRow::partition(user)).await? {
        let membership = MembershipRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
        rows.memberships.push((membership, row.version.offset()));
    }
    for row in all(tables, &BLOCKS, &BlocksRow::partition(user)).await? {
        let blocks = BlocksRow::from_row(user, &row.key, &row.columns).map_err(malformed)?;
        rows.blocks.push((blocks, row.version.offset()));
    }
    Ok(rows)
}

fn malformed(error: MalformedRow) -> TablesError {
    TablesError::Refused(error.to_string())
}

async fn all(
    tables: &dyn Tables,
    table: &'static Table,
    partition: &[Value],
) -> Result<Vec<Row>, TablesError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let range = Range { limit: 500, after, ..Range::default() };
        let page = tables.range(table, partition, range).await?;
        rows.extend(page.rows);
        after = page.next.filter(|_| rows.len() < MAX_ROWS);
        if after.is_none() {
            return Ok(rows);
        }
    }
}
