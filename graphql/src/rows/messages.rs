//! Rows of messages.

use platform::ports::Row;
use schemas::message::Message;
use schemas::tables::views::{MESSAGES_PER_BUCKET, MessageRow};
use schemas::tables::{MESSAGES, Value};
use schemas::{ConversationId, Refusal};

use super::{Pages, Rows, Versioned, malformed};
use crate::error::tables_error;

/// Numbers `from..=to`; empty if `from` is above `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: i64,
}

impl Rows {
    /// A message with the version of its row, if it is stored.
    pub async fn versioned_message(
        &self,
        id: &ConversationId,
        seq: i64,
    ) -> Result<Option<Versioned<Message>>, Refusal> {
        let partition = MessageRow::partition(id, seq);
        let keys = [MessageRow::key(seq)];
        let rows = self.tables.get(&MESSAGES, &partition, &keys).await.map_err(tables_error)?;
        let read = |row: &Row| Ok(Versioned { version: row.version, value: message(id, row)? });
        rows.first().map(read).transpose()
    }

    /// The same without the version.
    pub async fn message(&self, id: &ConversationId, seq: i64) -> Result<Option<Message>, Refusal> {
        Ok(self.versioned_message(id, seq).await?.map(|row| row.value))
    }

    /// The messages of a window, in order.
    pub async fn messages(&self, id: &ConversationId, window: Window) -> Result<Vec<Message>, Refusal> {
        let mut messages = Vec::new();
        let mut from = window.from;
        while from <= window.to {
            let to = window.to.min((from / MESSAGES_PER_BUCKET + 1) * MESSAGES_PER_BUCKET - 1);
            let bounds = (vec![Value::BigInt(from)], vec![Value::BigInt(to)]);
            let pages = Pages::between(&*self.tables, &MESSAGES, MessageRow::partition(id, from), bounds);
            for row in &pages.all().await.map_err(tables_error)? {
                messages.push(message(id, row)?);
            }
            from = to + 1;
        }
        Ok(messages)
    }
}

fn message(id: &ConversationId, row: &Row) -> Result<Message, Refusal> {
    MessageRow::from_row(id, &row.columns).map(|row| row.message).map_err(malformed)
}
