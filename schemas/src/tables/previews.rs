//! Previews of links: what was found behind each, and when.
//!
//! Invariant: whether a row still counts is decided by its time; the time to live only cleans up.

use std::time::Duration;

use super::PREVIEWS;
use super::values::{FromValues, MalformedRow, Value};
use super::views::ViewRow;
use crate::avro;
use crate::position::{LogTime, Version};
use crate::previewing::LinkPreview;

/// How long a preview is used for further messages, in milliseconds.
pub const FOUND_MS: LogTime = 7 * 24 * 60 * 60 * 1_000;
/// How long a link that has no preview is left alone, in milliseconds.
pub const FAILED_MS: LogTime = 60 * 60 * 1_000;

/// What was found behind a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewRow {
    /// The link as the URL standard writes it, at most [`crate::previewing::MAX_LINK_BYTES`].
    pub link: String,
    pub at: LogTime,
    /// Absent where nothing was found.
    pub preview: Option<LinkPreview>,
}

impl PreviewRow {
    pub fn partition(link: &str) -> Vec<Value> {
        vec![Value::text(link)]
    }

    /// Of two fetches the later one stays. A version has room for tenths of seconds.
    pub fn version(&self) -> Version {
        Version::of(self.at / 100)
    }

    fn lasts(&self) -> LogTime {
        if self.preview.is_some() { FOUND_MS } else { FAILED_MS }
    }

    /// Whether it still counts at a time.
    pub fn counts_at(&self, now: LogTime) -> bool {
        now < self.at.saturating_add(self.lasts())
    }

    pub fn to_row(&self) -> ViewRow {
        let body = self.preview.as_ref().map_or(Value::Null, |preview| Value::blob(&avro::encode(preview)));
        ViewRow {
            table: &PREVIEWS,
            partition: Self::partition(&self.link),
            key: vec![],
            columns: vec![Value::Timestamp(self.at), body],
            time_to_live: Some(Duration::from_millis(self.lasts().unsigned_abs())),
        }
    }

    pub fn from_row(link: &str, columns: &[Value]) -> Result<Self, MalformedRow> {
        let mut columns = FromValues::new(PREVIEWS.name, columns);
        let (at, body) = (columns.timestamp()?, columns.blob_or_null()?);
        let malformed = |_| MalformedRow { table: PREVIEWS.name, column: 1 };
        let preview = body.map(avro::decode).transpose().map_err(malformed)?;
        Ok(Self { link: link.to_owned(), at, preview })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_it_was_made_of_and_counts_for_its_time() {
        let (url, title) = ("https://a.example/".to_owned(), Some("A".to_owned()));
        let found = LinkPreview { url, title, ..LinkPreview::default() };
        for (preview, lasts) in [(Some(found), FOUND_MS), (None, FAILED_MS)] {
            let row = PreviewRow { link: "https://a.example/".to_owned(), at: 5, preview };
            let stored = row.to_row();
            assert_eq!(PreviewRow::from_row(&row.link, &stored.columns).unwrap(), row);
            assert!(row.counts_at(5) && row.counts_at(4 + lasts) && !row.counts_at(5 + lasts));
        }
        assert!(PreviewRow::from_row("x", &[Value::Timestamp(5)]).is_err());
    }
}
