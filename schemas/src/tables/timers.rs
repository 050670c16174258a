//! Rows of `timers`: what is due when.
//!
//! Invariant: a timer waits as long as its owner's machine says so; whoever reads it asks the machine, which decides
//! once what comes of it.

use std::time::Duration;

use super::TIMERS;
use super::values::{FromValues, MalformedRow, Value};
use super::views::ViewRow;
use crate::digest;
use crate::ids::{ClientId, UserId};
use crate::position::LogTime;

/// The time of which one partition holds the timers: a day.
pub const DAY_MS: LogTime = 24 * 60 * 60 * 1_000;
/// Users are spread over so many partitions of a day.
pub const SHARDS: u8 = 4;
/// Until a timer that waits no more may be cleaned up: an hour.
const OVER: Duration = Duration::from_secs(60 * 60);

/// What comes due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// A scheduled message.
    Schedule(ClientId),
}

/// A timer of a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    pub due: LogTime,
    pub user: UserId,
    pub what: Due,
}

impl Timer {
    pub fn partition(shard: u8, day: i64) -> Vec<Value> {
        vec![Value::Int(shard.into()), Value::BigInt(day)]
    }

    /// The start of the keys of all timers that are due at a time.
    pub fn bound(due: LogTime) -> Vec<Value> {
        vec![Value::BigInt(due)]
    }

    fn shard(&self) -> u8 {
        digest::place(self.user.as_str().as_bytes(), SHARDS)
    }

    fn key(&self) -> Vec<Value> {
        let (kind, id) = match &self.what {
            Due::Schedule(id) => (SCHEDULE, id.to_string()),
        };
        let mut key = Self::bound(self.due);
        key.extend([Value::text(kind), Value::text(self.user.as_str()), Value::text(&id)]);
        key
    }
}

const SCHEDULE: &str = "schedule";

/// A timer that waits, or waits no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRow {
    pub timer: Timer,
    pub is_set: bool,
}

impl TimerRow {
    pub fn to_row(&self) -> ViewRow {
        let Self { timer, is_set } = self;
        ViewRow {
            table: &TIMERS,
            partition: Timer::partition(timer.shard(), timer.due.div_euclid(DAY_MS)),
            key: timer.key(),
            columns: vec![Value::Boolean(*is_set)],
            time_to_live: (!is_set).then_some(OVER),
        }
    }

    pub fn from_row(key: &[Value], columns: &[Value]) -> Result<Self, MalformedRow> {
        let malformed = |column| MalformedRow { table: TIMERS.name, column };
        let mut key = FromValues::new(TIMERS.name, key);
        let (due, kind) = (key.bigint()?, key.text()?.to_owned());
        let user = key.text()?.parse().map_err(|_| malformed(2))?;
        let id = key.text()?;
        let what = match kind.as_str() {
            SCHEDULE => Due::Schedule(id.parse().map_err(|_| malformed(3))?),
            _ => return Err(malformed(1)),
        };
        let is_set = FromValues::new(TIMERS.name, columns).boolean()?;
        Ok(Self { timer: Timer { due, user, what }, is_set })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_read_as_it_was_written_and_its_partition_has_its_day() {
        for (due, day) in [(0, 0), (DAY_MS - 1, 0), (DAY_MS, 1), (1_800_000_000_000, 20_833)] {
            for is_set in [true, false] {
                let what = Due::Schedule(ClientId::from_bytes([7; 16]));
                let timer = Timer { due, user: "ann".parse().unwrap(), what };
                let written = TimerRow { timer, is_set };
                let row = written.to_row();
                assert_eq!(row.partition[1], Value::BigInt(day));
                assert_eq!(row.time_to_live.is_none(), is_set);
                assert_eq!(TimerRow::from_row(&row.key, &row.columns), Ok(written));
            }
        }
    }
}
