//! Rows of the texts that edits have replaced.

use domain::Conversations;
use fold::Fold;
use schemas::editing::{Edits, Replaced};
use schemas::rows::RowKey;
use schemas::tables::Value;
use schemas::{ConversationId, Refusal};

use super::{Pages, Rows, decode, keyed, owner_key, owner_row};
use crate::error::tables_error;

impl Rows {
    /// What edits a message has had, if it had any.
    pub async fn edits(&self, id: &ConversationId, seq: i64) -> Result<Option<Edits>, Refusal> {
        let (partition, key) = ([Value::text(id.as_str())], owner_key(&RowKey::of::<Edits>(&seq)));
        let rows = self.tables.get(Conversations::table(), &partition, &[key]).await.map_err(tables_error)?;
        rows.first().map(|row| decode(owner_row(row)?.1)).transpose()
    }

    /// The replaced texts of a message, oldest first.
    pub async fn replaced(&self, id: &ConversationId, seq: i64) -> Result<Vec<Replaced>, Refusal> {
        let bound = |version| owner_key(&RowKey::of::<Replaced>(&(seq, version)));
        let (partition, bounds) = (vec![Value::text(id.as_str())], (bound(0), bound(i64::MAX)));
        let pages = Pages::between(&*self.tables, Conversations::table(), partition, bounds);
        let rows = keyed::<Replaced>(&pages.all().await.map_err(tables_error)?)?;
        Ok(rows.into_iter().map(|(_, replaced)| replaced).collect())
    }
}
