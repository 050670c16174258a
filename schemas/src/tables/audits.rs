//! The audit log of moderation, a row an entry.

use super::AUDIT;
use super::values::{FromValues, MalformedRow, Value};
use super::views::ViewRow;
use crate::auditing::AuditEntry;
use crate::avro;
use crate::ids::ConversationId;

/// How many entries one partition holds.
pub const ENTRIES_PER_BUCKET: i64 = 1_000;

/// An entry of a conversation's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow(pub AuditEntry);

impl AuditRow {
    /// Key of the partition that holds an entry.
    pub fn partition(conversation: &ConversationId, number: i64) -> Vec<Value> {
        vec![Value::text(conversation.as_str()), Value::BigInt(number / ENTRIES_PER_BUCKET)]
    }

    pub fn to_row(&self) -> ViewRow {
        let Self(entry) = self;
        ViewRow {
            table: &AUDIT,
            partition: Self::partition(&entry.conversation, entry.number),
            key: vec![Value::BigInt(entry.number)],
            columns: vec![Value::Timestamp(entry.at), Value::blob(&avro::encode(entry))],
            time_to_live: None,
        }
    }

    pub fn from_row(columns: &[Value]) -> Result<Self, MalformedRow> {
        const BODY: usize = 1;
        let malformed = || MalformedRow { table: AUDIT.name, column: BODY };
        let body = FromValues::new(AUDIT.name, columns.get(BODY..).ok_or_else(malformed)?).blob()?;
        avro::decode(body).map(Self).map_err(|_| malformed())
    }
}
