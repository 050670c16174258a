//! Timers that are due.

use platform::ports::Row;
use schemas::Refusal;
use schemas::position::LogTime;
use schemas::tables::TIMERS;
use schemas::tables::timers::{DAY_MS, Timer, TimerRow};

use super::{Pages, Rows, malformed};
use crate::error::tables_error;

impl Rows {
    /// The timers of a shard that wait, and are due from one time to another, both included.
    pub async fn timers(&self, shard: u8, from: LogTime, to: LogTime) -> Result<Vec<Timer>, Refusal> {
        let mut waiting = vec![];
        for day in from.div_euclid(DAY_MS)..=to.div_euclid(DAY_MS) {
            let bounds = (Timer::bound(from), Timer::bound(to));
            let pages = Pages::between(&*self.tables, &TIMERS, Timer::partition(shard, day), bounds);
            for row in pages.all().await.map_err(tables_error)? {
                waiting.extend(read(&row)?);
            }
        }
        Ok(waiting)
    }
}

fn read(row: &Row) -> Result<Option<Timer>, Refusal> {
    let TimerRow { timer, is_set } = TimerRow::from_row(&row.key, &row.columns).map_err(malformed)?;
    Ok(is_set.then_some(timer))
}
