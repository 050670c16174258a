//! How far partitions are behind their ends: looked at beside their runs, so that one that stands still
//! is seen.
//!
//! Invariants: one question at a time, so that those who take over a partition need not wait for the
//! answers; the seconds are an upper bound. What stands first in line was appended after the last record
//! that is done, and after each look that found nothing in line: the later of these is its bound.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use schemas::position::{LogTime, Offset, Partition};
use schemas::topics::Topic;

use super::Progress;
use crate::clock::Clock;
use crate::ports::{Log, Marks};
use crate::telemetry::consumers::{Lag, Port};

/// Between two rounds, each of which asks the log for every partition.
const EVERY: Duration = Duration::from_secs(5);

/// What a run says of its partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it began, as far as the group knows.
    start: Option<Offset>,
    pub(super) reached: Option<Reached>,
}

/// Everything before `next` is done; the last of it came at `time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) next: Offset,
    pub(super) time: LogTime,
}

/// What was seen of a partition.
struct Seen {
    since: LogTime,
    /// When it had nothing in line last.
    empty: Option<LogTime>,
    shown: Lag,
}

/// Looks at the partitions that are held again and again, for as long as this is polled.
pub(super) async fn watch(
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    role: &'static str,
    topic: &'static Topic,
    progress: Progress,
) -> Infallible {
    let mut seen: BTreeMap<Partition, Seen> = BTreeMap::new();
    loop {
        clock.sleep(EVERY).await;
        let held = progress.held();
        seen.retain(|partition, _| held.contains(partition));
        for partition in held {
            let marks = log.marks(topic, partition).await;
            // Later than the marks, so that nothing that is done since is taken for in line.
            let Some(line) = progress.line(partition) else { continue };
            let now = clock.now();
            let seen = seen.entry(partition).or_insert_with(|| Seen {
                since: now,
                empty: None,
                shown: Lag::new(role, partition),
            });
            match marks {
                Ok(marks) => {
                    let records = line.behind(marks);
                    let seconds = seen.seconds(records, line.reached, now);
                    seen.shown.set(records, seconds);
                }
                Err(error) => {
                    Port::Log.retries().inc();
                    tracing::debug!(role, partition, %error, "lag unknown");
                }
            }
        }
    }
}

impl Line {
    pub(super) fn from(start: Option<Offset>) -> Self {
        Self { start, reached: None }
    }

    /// Records in line.
    fn behind(self, marks: Marks) -> i64 {
        let next = self.reached.map(|reached| reached.next).or(self.start);
        (marks.end - next.unwrap_or(marks.low).max(marks.low)).max(0)
    }
}

impl Seen {
    /// How long the first of so many records has stood in line, at most.
    fn seconds(&mut self, records: i64, reached: Option<Reached>, now: LogTime) -> f64 {
        if records == 0 {
            self.empty = Some(now);
            return 0.0;
        }
        let since = self.empty.max(reached.map(|reached| reached.time)).unwrap_or(self.since);
        now.saturating_sub(since).max(0) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(next: Offset, time: LogTime) -> Option<Reached> {
        Some(Reached { next, time })
    }

    #[test]
    fn in_line_is_what_was_neither_done_nor_cleaned_up() {
        let marks = Marks { low: 10, end: 50 };
        for (start, reached, behind) in [
            (None, None, 40),
            (Some(30), None, 20),
            (Some(3), None, 40),
            (Some(30), done(45, 0), 5),
            (None, done(50, 0), 0),
            (None, done(51, 0), 0),
        ] {
            assert_eq!(Line { start, reached }.behind(marks), behind, "{start:?} {reached:?}");
        }
    }

    #[test]
    fn the_first_in_line_is_younger_than_the_last_done_and_than_an_empty_line() {
        let done = |time| done(7, time);
        let mut seen = Seen { since: 100_000, empty: None, shown: Lag::new("test", 0) };
        // Begun far behind: nothing is known before something is done.
        assert_eq!(seen.seconds(50, None, 103_000), 3.0);
        assert_eq!(seen.seconds(40, done(60_000), 105_000), 45.0);
        assert_eq!(seen.seconds(9, done(102_000), 110_000), 8.0);
        assert_eq!(seen.seconds(0, done(109_000), 115_000), 0.0);
        // An hour of silence is not the age of what comes after it.
        assert_eq!(seen.seconds(0, done(109_000), 3_700_000), 0.0);
        assert_eq!(seen.seconds(1, done(109_000), 3_705_000), 5.0);
        assert_eq!(seen.seconds(1, done(3_704_000), 3_710_000), 6.0);
        // The log's clock may be ahead.
        assert_eq!(seen.seconds(1, done(3_720_000), 3_715_000), 0.0);
    }
}
