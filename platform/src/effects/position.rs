//! Where a consumer goes on in a partition.
//!
//! Invariant: an offset and the number of the last cause before it are stored in one row; a row with a lower
//! offset never replaces one with a higher.

use schemas::position::{Cause, EPOCH, Number, Offset, Partition, Version};
use schemas::tables::{CONSUMERS, FromValues, MalformedRow, Value};

use super::{EffectsError, Ports};
use crate::ports::{PutRow, Row};
use crate::retry;

/// Everything before `next` is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    pub next: Offset,
    /// The cause of the last event before `next`; absent if none had one.
    pub number: Option<Number>,
}

impl Position {
    /// The position behind a record; `false` if the record repeats an earlier one.
    pub fn pass(&mut self, offset: Offset, cause: Option<Cause>) -> bool {
        self.next = offset + 1;
        let Some(Cause { number, .. }) = cause.filter(|cause| cause.epoch == EPOCH) else { return true };
        if self.number.is_some_and(|last| number <= last) {
            return false;
        }
        self.number = Some(number);
        true
    }

    fn key(consumer: &str, partition: Partition) -> [Value; 2] {
        [Value::text(consumer), Value::Int(partition)]
    }

    /// The stored position, if there is one.
    pub async fn read(
        ports: &Ports,
        consumer: &str,
        partition: Partition,
    ) -> Result<Option<Self>, EffectsError> {
        let key = Self::key(consumer, partition);
        let rows = retry::until_answered(&*ports.clock, || {
            Box::pin(ports.tables.get(&CONSUMERS, &key, const { &[vec![]] }))
        });
        let row = rows.await?.into_iter().next();
        row.as_ref()
            .map(Self::from_row)
            .transpose()
            .map_err(|error| EffectsError::Position(error.to_string()))
    }

    pub async fn store(
        self,
        ports: &Ports,
        consumer: &str,
        partition: Partition,
    ) -> Result<(), EffectsError> {
        let key = Self::key(consumer, partition);
        let put = retry::until_answered(&*ports.clock, || {
            Box::pin(ports.tables.put(&CONSUMERS, &key, vec![self.to_put()]))
        });
        Ok(put.await?)
    }

    fn to_put(self) -> PutRow {
        let Number { offset, index } = self.number.unwrap_or(Number { offset: -1, index: 0 });
        PutRow {
            key: vec![],
            columns: vec![Value::BigInt(self.next), Value::BigInt(offset), Value::Int(index)],
            version: Version::of(self.next),
            time_to_live: None,
        }
    }

    fn from_row(row: &Row) -> Result<Self, MalformedRow> {
        let mut values = FromValues::new(CONSUMERS.name, &row.columns);
        let (next, offset, index) = (values.bigint()?, values.bigint()?, values.int()?);
        Ok(Self { next, number: (offset >= 0).then_some(Number { offset, index }) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(offset: Offset, index: i32) -> Option<Cause> {
        Some(Cause { epoch: EPOCH, partition: 0, number: Number { offset, index } })
    }

    #[test]
    fn a_position_survives_its_row_and_knows_repeats() {
        let mut position = Position::default();
        for (offset, cause, is_new) in [
            (0, None, true),
            (1, cause(5, 0), true),
            (2, cause(5, 1), true),
            (3, cause(5, 0), false),
            (4, None, true),
            (5, cause(5, 1), false),
            (6, cause(6, 0), true),
        ] {
            assert_eq!(position.pass(offset, cause), is_new, "{offset}");
            let put = position.to_put();
            let row = Row { key: put.key, columns: put.columns, version: put.version };
            assert_eq!(Position::from_row(&row), Ok(position));
        }
    }
}
