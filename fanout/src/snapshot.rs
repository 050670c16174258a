//! Snapshots: a node's positions in every lane, stored for cursors to refer to.
//!
//! A snapshot is settled when the machines' checkpoints have passed its numbers: then the rows are
//! at least as new as it.

use std::fmt;
use std::str::FromStr;

use futures::future::try_join_all;
use platform::ports::{PutRow, Range, Row, Tables, TablesError};
use schemas::position::{LogTime, Number, Offset, Version};
use schemas::tables::{FromValues, SNAPSHOTS, Value};

use crate::lanes::{Lane, Lanes, Position};
use crate::unknown::checkpoint;

/// Names a snapshot; as text, ids sort by the time they were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId {
    at: LogTime,
    random: u32,
}

impl SnapshotId {
    pub fn new(at: LogTime, random: u32) -> Self {
        Self { at, random }
    }

    pub fn taken_at(self) -> LogTime {
        self.at
    }

    /// Distinguishes snapshots of the same moment.
    pub fn random(self) -> u32 {
        self.random
    }

    fn bucket(self) -> Vec<Value> {
        bucket(self.at)
    }
}

impl FromStr for SnapshotId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, random) = text.split_once('-').ok_or(())?;
        let digits = at.len() == 13 && at.bytes().all(|b| b.is_ascii_digit());
        let hex = random.len() == 8 && random.bytes().all(|b| b.is_ascii_hexdigit());
        if !(digits && hex) {
            return Err(());
        }
        let random = u32::from_str_radix(random, 16).map_err(|_| ())?;
        Ok(Self { at: at.parse().map_err(|_| ())?, random })
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}-{:08x}", self.at, self.random)
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// Snapshots of one day live together.
fn bucket(at: LogTime) -> Vec<Value> {
    vec![Value::text(&format!("day-{}", at / DAY_MS))]
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: SnapshotId,
    /// By lane.
    pub positions: Vec<Position>,
}

impl Snapshot {
    pub async fn store(&self, tables: &dyn Tables) -> Result<(), TablesError> {
        let row = PutRow {
            key: vec![Value::text(&self.id.to_string())],
            columns: vec![
                Value::blob(encode(&self.positions).as_bytes()),
                Value::Timestamp(self.id.taken_at()),
            ],
            version: Version::of(0),
            time_to_live: None,
        };
        tables.put(&SNAPSHOTS, &self.id.bucket(), vec![row]).await
    }

    pub async fn load(tables: &dyn Tables, id: &SnapshotId) -> Result<Option<Self>, TablesError> {
        let rows = tables.get(&SNAPSHOTS, &id.bucket(), &[vec![Value::text(&id.to_string())]]).await?;
        Ok(rows.first().and_then(Self::from_row))
    }

    /// The newest settled snapshot that any node has stored in the last day.
    pub async fn newest_settled(
        tables: &dyn Tables,
        lanes: Lanes,
        now: LogTime,
    ) -> Result<Option<Self>, TablesError> {
        for day in [now, now - DAY_MS] {
            let mut after = None;
            loop {
                let range = Range { descending: true, limit: 20, after, ..Range::default() };
                let page = tables.range(&SNAPSHOTS, &bucket(day), range).await?;
                for snapshot in page.rows.iter().filter_map(Self::from_row) {
                    if snapshot.positions.len() == lanes.count() && snapshot.is_settled(tables, lanes).await?
                    {
                        return Ok(Some(snapshot));
                    }
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Whether both machines' checkpoints have passed every number in it.
    pub async fn is_settled(&self, tables: &dyn Tables, lanes: Lanes) -> Result<bool, TablesError> {
        let numbered = lanes.all().zip(&self.positions).filter_map(|(lane, at)| Some((lane, at.number?)));
        let passed = numbered.map(async |(lane, number)| {
            Ok::<_, TablesError>(checkpoint(tables, lanes, lane).await?.next > number.offset)
        });
        Ok(try_join_all(passed).await?.into_iter().all(|passed| passed))
    }

    /// Where a lane goes on.
    pub fn next(&self, lane: Lane) -> Offset {
        self.positions.get(lane.0 as usize).map_or(0, |position| position.next)
    }

    fn from_row(row: &Row) -> Option<Self> {
        let id = FromValues::new(SNAPSHOTS.name, &row.key).text().ok()?.parse().ok()?;
        let positions = FromValues::new(SNAPSHOTS.name, &row.columns).blob().ok()?;
        Some(Self { id, positions: decode(std::str::from_utf8(positions).ok()?)? })
    }
}

/// `next` or `next/offset.index` of each lane in hexadecimal, by spaces.
fn encode(positions: &[Position]) -> String {
    let each = |position: &Position| match position.number {
        None => format!("{:x}", position.next),
        Some(Number { offset, index }) => format!("{:x}/{offset:x}.{index:x}", position.next),
    };
    positions.iter().map(each).collect::<Vec<_>>().join(" ")
}

fn decode(text: &str) -> Option<Vec<Position>> {
    let hex = |digits: &str| i64::from_str_radix(digits, 16).ok();
    let each = |part: &str| {
        let Some((next, number)) = part.split_once('/') else {
            return Some(Position { next: hex(part)?, number: None });
        };
        let (offset, index) = number.split_once('.')?;
        let number = Number { offset: hex(offset)?, index: i32::try_from(hex(index)?).ok()? };
        Some(Position { next: hex(next)?, number: Some(number) })
    };
    text.split_whitespace().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_their_row() {
        let number = Number { offset: 1 << 34, index: 2 };
        let positions = vec![Position { next: 0, number: None }, Position { next: 77, number: Some(number) }];
        assert_eq!(decode(&encode(&positions)), Some(positions));
        assert_eq!(decode("1/2"), None);
    }
}
