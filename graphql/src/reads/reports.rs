//! Reports, which only the right to moderate opens: no membership counts here.
//!
//! Invariant: a page is in the order of the places; what a look did not reach is left to the next page.

use schemas::reporting::{Report, ReportId, ReportStatus};
use schemas::tables::reports::{BUCKET_MS, FIRST_BUCKET, ReportPlace};
use schemas::{MessageId, Refusal};

use super::Reads;
use crate::auth::Moderation;
use crate::paging::MAX_LOOKED;
use crate::rows::Written;

/// Reports in the order of the queue.
pub struct ReportPage {
    pub reports: Vec<(ReportPlace, Report)>,
    /// The place behind which there may be more.
    pub more_behind: Option<ReportPlace>,
}

impl Reads {
    pub async fn report(&self, _: Moderation, id: &ReportId) -> Result<Option<Report>, Refusal> {
        self.rows.report(id).await
    }

    /// The reported message as it stands, hidden or not.
    pub async fn reported(&self, _: Moderation, id: &MessageId) -> Result<Option<Written>, Refusal> {
        self.rows.message(&id.conversation, id.seq).await
    }

    /// The `size` oldest reports with one of these statuses, behind a place.
    pub async fn reports(
        &self,
        _: Moderation,
        statuses: &[ReportStatus],
        after: Option<&ReportPlace>,
        size: usize,
    ) -> Result<ReportPage, Refusal> {
        let (mut places, mut more_behind) = (vec![], None);
        let newest = self.now() / BUCKET_MS;
        for bucket in after.map_or(FIRST_BUCKET, ReportPlace::bucket).max(FIRST_BUCKET)..=newest {
            // One more says whether there is a next page.
            let (found, reached) = self.bucket(statuses, bucket, after, size + 1 - places.len()).await?;
            places.extend(found);
            if places.len() > size {
                places.truncate(size);
                more_behind = places.last().map(|(_, place): &(_, ReportPlace)| place.clone());
                break;
            }
            if reached.is_some() {
                more_behind = reached;
                break;
            }
        }
        let mut reports = Vec::with_capacity(places.len());
        for (status, place) in places {
            // One that was decided since the look has left the queue of its status.
            let report = self.rows.report(&place.id).await?;
            reports.extend(report.filter(|report| report.status() == status).map(|report| (place, report)));
        }
        Ok(ReportPage { reports, more_behind })
    }

    /// The first places of one bucket, and the place up to which every status was looked at, if there may be more.
    async fn bucket(
        &self,
        statuses: &[ReportStatus],
        bucket: i64,
        after: Option<&ReportPlace>,
        most: usize,
    ) -> Result<(Vec<(ReportStatus, ReportPlace)>, Option<ReportPlace>), Refusal> {
        let (mut places, mut reached) = (vec![], None::<ReportPlace>);
        for status in statuses {
            let queued = self.rows.queued(*status, bucket, after, (most, MAX_LOOKED)).await?;
            places.extend(queued.places.into_iter().map(|place| (*status, place)));
            reached = match (reached, queued.reached) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        places.sort_by(|(_, one), (_, other)| one.cmp(other));
        if let Some(reached) = &reached {
            places.retain(|(_, place)| place <= reached);
        }
        if places.len() > most {
            places.truncate(most);
            reached = places.last().map(|(_, place)| place.clone());
        }
        Ok((places, reached))
    }
}
