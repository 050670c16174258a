//! Three replicas of every row; reads and writes meet two of them.

use std::collections::BTreeMap;

use platform::ports::{PutRow, Range, Row};
use schemas::position::Version;
use schemas::tables::{Table, Value};

pub const REPLICAS: usize = 3;
pub const QUORUMS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

pub type PartitionKey = (&'static str, Vec<Value>);
type Rows = BTreeMap<Vec<Value>, (Version, Vec<Value>)>;

#[derive(Default)]
pub struct Replicas {
    replicas: [BTreeMap<PartitionKey, Rows>; REPLICAS],
    /// First values seen of each version of a row, to tell two writes under one version.
    seen: BTreeMap<(PartitionKey, Vec<Value>, Version), Vec<Value>>,
    pub ignore_versions: bool,
}

/// Two writes of one row under one version differ.
#[derive(Debug)]
pub struct Ambiguous(pub String);

impl Replicas {
    pub fn write(
        &mut self,
        replica: usize,
        partition: &PartitionKey,
        rows: &[PutRow],
    ) -> Result<(), Ambiguous> {
        for row in rows {
            self.check_version(partition, row)?;
            let stored = self.replicas[replica].entry(partition.clone()).or_default();
            let new = (row.version, row.columns.clone());
            match stored.get(&row.key) {
                Some(old) if !self.ignore_versions && *old >= new => {}
                _ => {
                    stored.insert(row.key.clone(), new);
                }
            }
        }
        Ok(())
    }

    /// One version means one value; but the list of a batch's keys depends on batching.
    fn check_version(&mut self, partition: &PartitionKey, row: &PutRow) -> Result<(), Ambiguous> {
        let is_last_batch = row.key.first() == Some(&Value::Int(schemas::rows::LAST_BATCH));
        if self.ignore_versions || is_last_batch {
            return Ok(());
        }
        let name = (partition.clone(), row.key.clone(), row.version);
        let first = self.seen.entry(name).or_insert_with(|| row.columns.clone());
        if *first == row.columns {
            Ok(())
        } else {
            Err(Ambiguous(format!(
                "two values under one version: {partition:?} {:?} {:?}",
                row.key, row.version
            )))
        }
    }

    /// What two replicas say together: of each row the newest.
    pub fn merged(&self, quorum: [usize; 2], partition: &PartitionKey) -> Rows {
        let mut merged = Rows::new();
        for (key, row) in quorum.iter().filter_map(|i| self.replicas[*i].get(partition)).flatten() {
            let newest = merged.entry(key.clone()).or_insert_with(|| row.clone());
            *newest = newest.clone().max(row.clone());
        }
        merged
    }

    pub fn get(&self, quorum: [usize; 2], partition: &PartitionKey, keys: &[Vec<Value>]) -> Vec<Row> {
        let mut rows = self.merged(quorum, partition);
        rows.retain(|key, _| keys.contains(key));
        to_rows(rows)
    }

    pub fn range(&self, quorum: [usize; 2], partition: &PartitionKey, range: &Range) -> Vec<Row> {
        let mut rows = self.merged(quorum, partition);
        rows.retain(|key, _| {
            key[..range.from.len()] >= range.from[..] && key[..range.to.len()] <= range.to[..]
        });
        let mut rows = to_rows(rows);
        if range.descending {
            rows.reverse();
        }
        rows.truncate(range.limit);
        rows
    }

    /// Keys of every partition of a table that any replica holds.
    pub fn partitions(&self, table: &'static Table) -> Vec<PartitionKey> {
        let all = self.replicas.iter().flat_map(BTreeMap::keys).filter(|(name, _)| *name == table.name);
        let unique: std::collections::BTreeSet<PartitionKey> = all.cloned().collect();
        unique.into_iter().collect()
    }
}

fn to_rows(rows: Rows) -> Vec<Row> {
    rows.into_iter().map(|(key, (version, columns))| Row { key, columns, version }).collect()
}
