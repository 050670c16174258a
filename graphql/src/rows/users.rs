//! What the platform publishes of users: profiles and follows; and the blocks between them.

use std::collections::BTreeSet;

use platform::ports::Row;
use schemas::flags::Tier;
use schemas::people::Profile;
use schemas::tables::views::{BlocksRow, ProfileRow};
use schemas::tables::{
    BLOCKS, FOLLOWS, FromValues, MalformedRow, PRIVATE_USERS, USERS, Value, private_users,
};
use schemas::{Refusal, UserId};

use super::{MAX_KEYS, Pages, Rows, Versioned, malformed};
use crate::error::tables_error;

impl Rows {
    /// The published profile of a user, if there is one; of an erased user there is none.
    pub async fn profile(&self, user: &UserId) -> Result<Option<Versioned<Profile>>, Refusal> {
        let partition = ProfileRow::partition(user);
        let rows = self.tables.get(&USERS, &partition, &[vec![]]).await.map_err(tables_error)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let read = ProfileRow::from_row(user, &row.columns).map_err(malformed)?;
        Ok(read.profile.map(|profile| Versioned { version: row.version, value: profile }))
    }

    /// The tier that the platform has published for a user, with the version of its row, if there is one.
    pub async fn tier(&self, user: &UserId) -> Result<Option<Versioned<Option<Tier>>>, Refusal> {
        let partition = private_users::partition(user);
        let rows = self.tables.get(&PRIVATE_USERS, &partition, &[vec![]]).await.map_err(tables_error)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let tier = private_users::tier(&row.columns).map_err(malformed)?;
        Ok(Some(Versioned { version: row.version, value: tier }))
    }

    /// Those of some others whom a user follows.
    pub async fn follows(&self, user: &UserId, others: &[UserId]) -> Result<BTreeSet<UserId>, Refusal> {
        let mut followed = BTreeSet::new();
        for others in others.chunks(MAX_KEYS) {
            let keys: Vec<Vec<Value>> =
                others.iter().map(|other| vec![Value::text(other.as_str())]).collect();
            let rows = self.tables.get(&FOLLOWS, &[Value::text(user.as_str())], &keys).await;
            for row in rows.map_err(tables_error)? {
                followed.extend(followed_by(&row).map_err(malformed)?);
            }
        }
        Ok(followed)
    }

    /// The blocks that stand or once stood between a user and some others.
    pub async fn blocks_with(&self, user: &UserId, others: &[UserId]) -> Result<Vec<BlocksRow>, Refusal> {
        let mut blocks = Vec::new();
        for others in others.chunks(MAX_KEYS) {
            let keys: Vec<Vec<Value>> = others.iter().map(BlocksRow::key).collect();
            let rows = self.tables.get(&BLOCKS, &BlocksRow::partition(user), &keys).await;
            for row in rows.map_err(tables_error)? {
                blocks.push(BlocksRow::from_row(user, &row.key, &row.columns).map_err(malformed)?);
            }
        }
        Ok(blocks)
    }

    /// Every block that stands or once stood between a user and another.
    pub async fn blocks(&self, user: &UserId) -> Result<Vec<BlocksRow>, Refusal> {
        let pages = Pages::of(&*self.tables, &BLOCKS, BlocksRow::partition(user));
        let rows = pages.all().await.map_err(tables_error)?;
        let read = |row: &Row| BlocksRow::from_row(user, &row.key, &row.columns).map_err(malformed);
        rows.iter().map(read).collect()
    }
}

/// The user whom a row says to be followed.
fn followed_by(row: &Row) -> Result<Option<UserId>, MalformedRow> {
    let malformed = |_| MalformedRow { table: FOLLOWS.name, column: 0 };
    let followed = FromValues::new(FOLLOWS.name, &row.key).text()?.parse().map_err(malformed)?;
    Ok(FromValues::new(FOLLOWS.name, &row.columns).boolean()?.then_some(followed))
}
