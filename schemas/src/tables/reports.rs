//! The queue of reports: where each stands, oldest first. What a report says is a row of its conversation.

use std::time::Duration;

use super::REPORTS;
use super::values::{FromValues, MalformedRow, Value};
use super::views::ViewRow;
use crate::ids::{ConversationId, MessageId};
use crate::position::LogTime;
use crate::reporting::{ReportId, ReportStatus};
use crate::rows::TOMBSTONE_SECONDS;

/// The time of which one partition lists the reports: 30 days.
pub const BUCKET_MS: LogTime = 30 * 24 * 60 * 60 * 1_000;
/// The bucket of the first reports that can be: 1 January 2026.
pub const FIRST_BUCKET: i64 = 1_767_225_600_000 / BUCKET_MS;

/// The place of a report among those of its status.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportPlace {
    pub at: LogTime,
    pub id: ReportId,
}

impl ReportPlace {
    pub fn bucket(&self) -> i64 {
        self.at / BUCKET_MS
    }

    pub fn key(&self) -> Vec<Value> {
        let ReportId { message: MessageId { conversation, seq }, reporter } = &self.id;
        vec![
            Value::BigInt(self.at),
            Value::text(conversation.as_str()),
            Value::BigInt(*seq),
            Value::text(reporter.as_str()),
        ]
    }

    fn from_key(key: &[Value]) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: REPORTS.name, column };
        let mut key = FromValues::new(REPORTS.name, key);
        let at = key.bigint()?;
        let conversation: ConversationId = key.text()?.parse().map_err(|_| malformed(1))?;
        let message = MessageId { conversation, seq: key.bigint()? };
        let reporter = key.text()?.parse().map_err(|_| malformed(3))?;
        Ok(Self { at, id: ReportId { message, reporter } })
    }
}

/// A report in the queue of a status, or one that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    pub status: ReportStatus,
    pub place: ReportPlace,
    /// Whether the report has this status now.
    pub is_listed: bool,
}

impl ReportRow {
    pub fn partition(status: ReportStatus, bucket: i64) -> Vec<Value> {
        vec![Value::text(status.as_str()), Value::BigInt(bucket)]
    }

    pub fn to_row(&self) -> ViewRow {
        let Self { status, place, is_listed } = self;
        ViewRow {
            table: &REPORTS,
            partition: Self::partition(*status, place.bucket()),
            key: place.key(),
            columns: vec![Value::Boolean(*is_listed)],
            time_to_live: (!is_listed).then_some(Duration::from_secs(TOMBSTONE_SECONDS)),
        }
    }

    pub fn from_row(status: ReportStatus, key: &[Value], columns: &[Value]) -> Result<Self, MalformedRow> {
        let place = ReportPlace::from_key(key)?;
        let is_listed = FromValues::new(REPORTS.name, columns).boolean()?;
        Ok(Self { status, place, is_listed })
    }
}
