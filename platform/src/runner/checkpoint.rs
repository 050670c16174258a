//! Where a new owner of a partition starts, and what held there.
//!
//! Invariant: watermarks, policy and rules are those at the checkpoint's offset, never later ones.

use std::collections::BTreeMap;

use schemas::avro;
use schemas::control::{Control, FIRST_RULES, PolicyVersion};
use schemas::position::{Cause, EPOCH, Number, Offset, Partition, Version};
use schemas::tables::{CHECKPOINTS, FromValues, Value};

use crate::ports::{PutRow, Row, Tables, TablesError};

/// Whether a build whose newest rules are `known` can decide by these rules.
pub fn runs(known: i32, rules: i32) -> bool {
    (known - 1..=known).contains(&rules)
}

/// Per source partition, the number of the last command that came from there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watermarks(BTreeMap<Partition, Number>);

impl Watermarks {
    /// Whether a command with this cause came before.
    pub fn has_seen(&self, cause: &Cause) -> bool {
        self.0.get(&cause.partition).is_some_and(|seen| cause.number <= *seen)
    }

    pub fn see(&mut self, cause: &Cause) {
        let seen = self.0.entry(cause.partition).or_insert(cause.number);
        *seen = cause.number.max(*seen);
    }

    /// `partition.offset.index` of each, by spaces.
    fn encode(&self) -> String {
        let each = |(partition, number): (&Partition, &Number)| {
            Cause { epoch: EPOCH, partition: *partition, number: *number }.to_header()
        };
        self.0.iter().map(each).collect::<Vec<_>>().join(" ")
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut watermarks = Self::default();
        for part in text.split_whitespace() {
            watermarks.see(&Cause::from_header(part.as_bytes()).ok()?);
        }
        Some(watermarks)
    }
}

/// Everything before `next` is done: its rows written, its verdicts in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub next: Offset,
    pub watermarks: Watermarks,
    /// Absent until a control record has put one in force.
    pub policy: Option<PolicyVersion>,
    pub rules: i32,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self { next: 0, watermarks: Watermarks::default(), policy: None, rules: FIRST_RULES }
    }
}

impl Checkpoint {
    fn to_put(&self) -> PutRow {
        let policy = self.policy.as_ref().map_or(vec![], avro::encode);
        PutRow {
            key: vec![],
            columns: vec![
                Value::BigInt(self.next),
                Value::blob(self.watermarks.encode().as_bytes()),
                Value::blob(&policy),
                Value::Int(self.rules),
            ],
            version: Version::of(self.next),
            time_to_live: None,
        }
    }

    /// Takes in a command that is done with.
    pub fn pass(&mut self, offset: Offset, cause: Option<&Cause>, control: Option<&Control>) {
        self.next = offset + 1;
        if let Some(cause) = cause {
            self.watermarks.see(cause);
        }
        let Some(control) = control else { return };
        self.rules = control.rules.unwrap_or(self.rules).max(self.rules);
        if let Some(policy) = &control.policy
            && self.policy.as_ref().is_none_or(|current| current.version < policy.version)
        {
            self.policy = Some(policy.clone());
        }
    }

    fn from_row(row: &Row) -> Result<Self, String> {
        let mut values = FromValues::new(CHECKPOINTS.name, &row.columns);
        let malformed = |error: &dyn std::fmt::Display| error.to_string();
        let next = values.bigint().map_err(|e| malformed(&e))?;
        let watermarks = values.blob().map_err(|e| malformed(&e))?;
        let policy = values.blob().map_err(|e| malformed(&e))?;
        let checkpoint = Self {
            next,
            watermarks: Watermarks::decode(watermarks).ok_or("malformed watermarks")?,
            policy: if policy.is_empty() {
                None
            } else {
                Some(avro::decode(policy).map_err(|e| malformed(&e))?)
            },
            rules: values.int().map_err(|e| malformed(&e))?,
        };
        Ok(checkpoint)
    }

    fn key(machine: &str, partition: Partition) -> [Value; 2] {
        [Value::text(machine), Value::Int(partition)]
    }

    /// The stored checkpoint of a machine's partition; the start of the log if there is none.
    pub async fn read(
        tables: &dyn Tables,
        machine: &str,
        partition: Partition,
    ) -> Result<Self, CheckpointError> {
        let rows = tables.get(&CHECKPOINTS, &Self::key(machine, partition), &[vec![]]).await?;
        match rows.first() {
            None => Ok(Self::default()),
            Some(row) => Self::from_row(row).map_err(CheckpointError::Malformed),
        }
    }

    pub async fn write(
        &self,
        tables: &dyn Tables,
        machine: &str,
        partition: Partition,
    ) -> Result<(), TablesError> {
        tables.put(&CHECKPOINTS, &Self::key(machine, partition), vec![self.to_put()]).await
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error(transparent)]
    Tables(#[from] TablesError),
    #[error("{0}")]
    Malformed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_runs_its_newest_rules_and_those_before() {
        let of = |known| (0..5).filter(|rules| runs(known, *rules)).collect::<Vec<_>>();
        assert_eq!((of(1), of(3)), (vec![0, 1], vec![2, 3]));
    }

    #[test]
    fn a_checkpoint_survives_its_row() {
        let mut checkpoint = Checkpoint { next: 77, ..Checkpoint::default() };
        let cause = |offset, index| Cause { epoch: EPOCH, partition: 3, number: Number { offset, index } };
        checkpoint.watermarks.see(&cause(9, 2));
        checkpoint.watermarks.see(&cause(9, 1));
        let put = checkpoint.to_put();
        let row = Row { key: put.key, columns: put.columns, version: put.version };
        assert_eq!(Checkpoint::from_row(&row).unwrap(), checkpoint);
        assert!(
            checkpoint.watermarks.has_seen(&cause(9, 2)) && !checkpoint.watermarks.has_seen(&cause(9, 3))
        );
    }
}
