//! Rows of reports, and the queue that lists them.

use platform::ports::{Range, Row};
use schemas::reporting::{Report, ReportId, ReportStatus};
use schemas::rows::RowKey;
use schemas::tables::REPORTS;
use schemas::tables::reports::{ReportPlace, ReportRow};
use schemas::{MessageId, Refusal};

use super::{Rows, decode, malformed, owner_row};
use crate::error::tables_error;

/// Places in the queue of a status, in order, from one look.
#[derive(Debug)]
pub struct Queued {
    pub places: Vec<ReportPlace>,
    /// The place up to which the look reached, if there may be more behind it.
    pub reached: Option<ReportPlace>,
}

impl Rows {
    /// What a report says, if there is one.
    pub async fn report(&self, id: &ReportId) -> Result<Option<Report>, Refusal> {
        let ReportId { message: MessageId { conversation, seq }, reporter } = id;
        let key = RowKey::of::<Report>(&(*seq, reporter.clone()));
        let rows = self.conversation_rows(conversation, &[key]).await?;
        rows.first().map(|row| decode(owner_row(row)?.1)).transpose()
    }

    /// The first `most` places of a status in one bucket, behind a place; at most `looked` rows are looked at.
    pub async fn queued(
        &self,
        status: ReportStatus,
        bucket: i64,
        after: Option<&ReportPlace>,
        (most, looked): (usize, usize),
    ) -> Result<Queued, Refusal> {
        let partition = ReportRow::partition(status, bucket);
        let after = after.filter(|after| after.bucket() == bucket).map(ReportPlace::key);
        let range = Range { limit: looked, after, ..Range::default() };
        let page = self.tables.range(&REPORTS, &partition, range).await.map_err(tables_error)?;
        let read = |row: &Row| ReportRow::from_row(status, &row.key, &row.columns).map_err(malformed);
        let rows = page.rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let last = rows.last().map(|row| row.place.clone()).filter(|_| page.next.is_some());
        let listed = rows.into_iter().filter(|row| row.is_listed).map(|row| row.place);
        let places: Vec<ReportPlace> = listed.take(most).collect();
        let is_full = places.len() == most;
        let reached = if is_full { places.last().cloned() } else { last };
        Ok(Queued { places, reached })
    }
}
