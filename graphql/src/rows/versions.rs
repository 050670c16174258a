//! Rows of the texts that edits have replaced.

use schemas::editing::{Edits, Replaced};
use schemas::rows::RowKey;
use schemas::{ConversationId, Refusal};

use super::{Rows, decode, keyed, owner_row};

impl Rows {
    /// What edits a message has had, if it had any.
    pub async fn edits(&self, id: &ConversationId, seq: i64) -> Result<Option<Edits>, Refusal> {
        let rows = self.conversation_rows(id, &[RowKey::of::<Edits>(&seq)]).await?;
        rows.first().map(|row| decode(owner_row(row)?.1)).transpose()
    }

    /// The replaced texts of a message, oldest first.
    pub async fn replaced(&self, id: &ConversationId, seq: i64) -> Result<Vec<Replaced>, Refusal> {
        let bound = |version| RowKey::of::<Replaced>(&(seq, version)).to_values();
        let rows = self.conversation_range(id, (bound(0), bound(i64::MAX))).await?;
        let rows = keyed::<Replaced>(&rows)?;
        Ok(rows.into_iter().map(|(_, replaced)| replaced).collect())
    }
}
